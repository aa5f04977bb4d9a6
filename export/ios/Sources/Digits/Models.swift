import Foundation
import TensorFlowLite

/// A tensor of a file, as the JSON beside the file describes it.
struct Tensor {
    let name: String
    let type: String
    let shape: [Int]

    init(_ name: String, _ type: String, _ shape: [Int]) {
        (self.name, self.type, self.shape) = (name, type, shape)
    }

    var count: Int { shape.reduce(1, *) }
}

/// A function of a file.
struct Signature {
    let file: String
    let name: String
    let inputs: [Tensor]
    let output: Tensor

    init(_ file: String, _ name: String, _ inputs: [Tensor], _ output: Tensor) {
        (self.file, self.name, self.inputs, self.output) = (file, name, inputs, output)
    }
}

let sample = Signature(
    "cgan_mnist.tflite",
    "sample",
    [Tensor("noise", "float32", [1, 64]), Tensor("labels", "int32", [1])],
    Tensor("images", "float32", [1, 28, 28, 1]))

let classify = Signature(
    "classifier_mnist.tflite",
    "classify",
    [Tensor("images", "float32", [1, 28, 28, 1])],
    Tensor("probabilities", "float32", [1, 10]))

/// A signature of an opened file, to be called.
final class Model {
    private let signature: Signature
    private let interpreter: Interpreter
    private let runner: SignatureRunner

    init(_ signature: Signature) throws {
        let path = Bundle.module.path(forResource: signature.file, ofType: nil)!
        self.signature = signature
        interpreter = try Interpreter(modelPath: path)
        runner = try interpreter.signatureRunner(with: signature.name)
        try runner.allocateTensors()
    }

    /// The output's elements for the bytes of each input, by name.
    func call(_ inputs: [String: Data]) throws -> [Float] {
        for (name, data) in inputs {
            try runner.copy(data, toInputNamed: name)
        }
        try runner.invoke()
        let output = try runner.output(named: signature.output.name)
        return output.data.withUnsafeBytes { Array($0.bindMemory(to: Float.self)) }
    }
}
