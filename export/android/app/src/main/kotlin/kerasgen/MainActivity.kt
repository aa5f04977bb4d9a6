package kerasgen

import android.app.Activity
import android.graphics.Bitmap
import android.graphics.Color
import android.os.Bundle
import android.widget.Button
import android.widget.ImageView
import android.widget.LinearLayout
import android.widget.TextView
import java.io.FileInputStream
import java.nio.ByteBuffer
import java.nio.channels.FileChannel
import java.util.Random

/** Draws a digit by one model, and says what another takes it for. */
class MainActivity : Activity() {
    private val random = Random()

    override fun onCreate(savedInstanceState: Bundle?) {
        super.onCreate(savedInstanceState)
        val painter = Model(mapped(SAMPLE.file), SAMPLE)
        val judge = Model(mapped(CLASSIFY.file), CLASSIFY)
        val picture = ImageView(this).apply { minimumHeight = 800 }
        val words = TextView(this)
        val button = Button(this).apply { text = "Draw" }
        button.setOnClickListener {
            val label = random.nextInt(10)
            val pixels = drawn(painter, label)
            picture.setImageBitmap(bitmap(pixels))
            words.text = "asked for $label, taken for ${named(judge, pixels)}"
        }
        val column = LinearLayout(this).apply { orientation = LinearLayout.VERTICAL }
        listOf(picture, words, button).forEach(column::addView)
        setContentView(column)
        button.performClick()
    }

    private fun drawn(painter: Model, label: Int): FloatArray =
        painter.call { name, buffer ->
            if (name == "labels") buffer.putInt(label)
            else while (buffer.hasRemaining()) buffer.putFloat(random.nextGaussian().toFloat())
        }

    private fun named(judge: Model, pixels: FloatArray): Int {
        val probabilities = judge.call { _, buffer -> pixels.forEach(buffer::putFloat) }
        return probabilities.indices.maxBy { probabilities[it] }
    }

    /** Bright on dark, as the files have it: 0 is black. */
    private fun bitmap(pixels: FloatArray): Bitmap {
        val colours =
            IntArray(pixels.size) { (255 * pixels[it]).toInt().let { v -> Color.rgb(v, v, v) } }
        val small = Bitmap.createBitmap(colours, 28, 28, Bitmap.Config.ARGB_8888)
        return Bitmap.createScaledBitmap(small, 784, 784, false)
    }

    private fun mapped(name: String): ByteBuffer =
        assets.openFd(name).use { file ->
            FileInputStream(file.fileDescriptor).channel.map(
                FileChannel.MapMode.READ_ONLY,
                file.startOffset,
                file.declaredLength,
            )
        }
}
