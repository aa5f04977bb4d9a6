package kerasgen

import java.nio.ByteBuffer
import java.nio.ByteOrder
import org.tensorflow.lite.Interpreter

/** A tensor of a file, as the JSON beside the file describes it. */
class Tensor(val name: String, val type: String, vararg val shape: Int) {
    /** Room for its elements, of four bytes each. */
    fun buffer(): ByteBuffer =
        ByteBuffer.allocateDirect(4 * shape.fold(1, Int::times)).order(ByteOrder.nativeOrder())
}

/** A function of a file. */
class Signature(val file: String, val name: String, val inputs: List<Tensor>, val output: Tensor)

val SAMPLE =
    Signature(
        "cgan_mnist.tflite",
        "sample",
        listOf(Tensor("noise", "float32", 1, 64), Tensor("labels", "int32", 1)),
        Tensor("images", "float32", 1, 28, 28, 1),
    )

val CLASSIFY =
    Signature(
        "classifier_mnist.tflite",
        "classify",
        listOf(Tensor("images", "float32", 1, 28, 28, 1)),
        Tensor("probabilities", "float32", 1, 10),
    )

/** A signature of an opened file, to be called. */
class Model(file: ByteBuffer, private val signature: Signature) {
    private val interpreter = Interpreter(file)

    /** The output's elements; [fill] writes those of an input, which it is given by name. */
    fun call(fill: (String, ByteBuffer) -> Unit): FloatArray {
        val inputs = signature.inputs.associate { it.name to it.buffer() }
        inputs.forEach { (name, buffer) ->
            fill(name, buffer)
            buffer.rewind()
        }
        val output = signature.output.buffer()
        interpreter.runSignature(inputs, mapOf(signature.output.name to output), signature.name)
        output.rewind()
        return FloatArray(output.remaining() / 4).also { output.asFloatBuffer().get(it) }
    }
}
