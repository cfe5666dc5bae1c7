# 64-bit ARM boards: Debian's arm64.
set(LOA_TRIPLET aarch64-linux-gnu)
set(CMAKE_SYSTEM_PROCESSOR aarch64)
set(LOA_QEMU qemu-aarch64)
include("${CMAKE_CURRENT_LIST_DIR}/toolchain-debian.cmake")
