# 32-bit ARM boards: Debian's armhf (ARMv7 with VFPv3-D16).
set(LOA_TRIPLET arm-linux-gnueabihf)
set(CMAKE_SYSTEM_PROCESSOR armv7l)
set(LOA_QEMU qemu-arm)
# File sizes and inodes of 64 bits, without which stat refuses what large disks and some file systems have.
set(CMAKE_C_FLAGS_INIT "-D_FILE_OFFSET_BITS=64")
set(CMAKE_CXX_FLAGS_INIT "-D_FILE_OFFSET_BITS=64")
include("${CMAKE_CURRENT_LIST_DIR}/toolchain-debian.cmake")
