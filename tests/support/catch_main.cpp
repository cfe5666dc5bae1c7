#define CATCH_CONFIG_MAIN
#include <catch2/catch.hpp>

#if defined(__SANITIZE_ADDRESS__)
/// As in node-firmware/player_gst.cpp, for tests that use GStreamer without the player.
extern "C" __attribute__((weak)) const char* __lsan_default_suppressions() { return "leak:libglib-2.0.so\n"; }
#endif
