import Foundation

/// Draws a digit by one model, and says what another takes it for.
public final class Digits {
    private let painter: Model
    private let judge: Model

    public init() throws {
        painter = try Model(sample)
        judge = try Model(classify)
    }

    /// 28 x 28 pixels of a digit, row by row, from 0, black, to 1, white.
    public func drawn(_ label: Int32) throws -> [Float] {
        let noise = (0..<sample.inputs[0].count).map { _ in Digits.normal() }
        return try painter.call(["noise": bytes(noise), "labels": bytes([label])])
    }

    /// The likeliest digit.
    public func named(_ pixels: [Float]) throws -> Int {
        let probabilities = try judge.call(["images": bytes(pixels)])
        return probabilities.indices.max { probabilities[$0] < probabilities[$1] }!
    }

    private func bytes<Number>(_ numbers: [Number]) -> Data {
        numbers.withUnsafeBufferPointer { Data(buffer: $0) }
    }

    /// A standard normal number, after Box and Muller.
    private static func normal() -> Float {
        let radius = (-2 * log(Float.random(in: Float.leastNonzeroMagnitude..<1))).squareRoot()
        return radius * cos(2 * .pi * Float.random(in: 0..<1))
    }
}
