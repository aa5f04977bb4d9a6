// swift-tools-version:5.9
import PackageDescription

let package = Package(
    name: "Digits",
    platforms: [.iOS(.v15)],
    products: [.library(name: "Digits", targets: ["Digits"])],
    dependencies: [
        .package(url: "https://github.com/kewlbear/TensorFlowLiteSwift.git", branch: "master")
    ],
    targets: [
        .target(
            name: "Digits",
            dependencies: [.product(name: "TensorFlowLiteSwift", package: "TensorFlowLiteSwift")],
            resources: [.copy("cgan_mnist.tflite"), .copy("classifier_mnist.tflite")])
    ]
)
