plugins {
    id("com.android.application")
    id("org.jetbrains.kotlin.android")
}

android {
    namespace = "kerasgen"
    compileSdk = 35
    defaultConfig {
        applicationId = "kerasgen.digits"
        minSdk = 24
        targetSdk = 35
    }
    androidResources { noCompress += "tflite" } // so that files are mapped into memory
    kotlinOptions { jvmTarget = "17" }
    compileOptions {
        sourceCompatibility = JavaVersion.VERSION_17
        targetCompatibility = JavaVersion.VERSION_17
    }
}

dependencies { implementation("com.google.ai.edge.litert:litert:1.4.2") }
