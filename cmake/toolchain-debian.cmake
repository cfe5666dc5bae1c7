# What the two boards' toolchains share: Debian's cross compiler and the multiarch packages (NAME-dev:ARCH) of the root this runs in. Some of them
# cannot stand beside this machine's own, so that each architecture is built in a root of its own (tools/package.d/root, docs/installing.md).
# Set before: LOA_TRIPLET, CMAKE_SYSTEM_PROCESSOR, LOA_QEMU.
set(CMAKE_SYSTEM_NAME Linux)
set(CMAKE_C_COMPILER "${LOA_TRIPLET}-gcc")
set(CMAKE_CXX_COMPILER "${LOA_TRIPLET}-g++")
set(CMAKE_AR "${LOA_TRIPLET}-ar" CACHE FILEPATH "")
set(CMAKE_RANLIB "${LOA_TRIPLET}-ranlib" CACHE FILEPATH "")
set(CMAKE_STRIP "${LOA_TRIPLET}-strip" CACHE FILEPATH "")
set(CMAKE_LIBRARY_ARCHITECTURE "${LOA_TRIPLET}")

# Libraries of the board alone; a program that is found runs here.
set(CMAKE_FIND_ROOT_PATH "/usr/${LOA_TRIPLET}" / )
set(CMAKE_FIND_ROOT_PATH_MODE_PROGRAM NEVER)
set(CMAKE_IGNORE_PATH "/usr/lib/${CMAKE_HOST_SYSTEM_PROCESSOR}-linux-gnu" "/lib/${CMAKE_HOST_SYSTEM_PROCESSOR}-linux-gnu"
  "/usr/lib/${CMAKE_HOST_SYSTEM_PROCESSOR}-linux-gnu/cmake")
set(ENV{PKG_CONFIG_LIBDIR} "/usr/lib/${LOA_TRIPLET}/pkgconfig:/usr/share/pkgconfig")

# The tests' programs run in the board's processor as qemu plays it.
find_program(LOA_QEMU_PROGRAM "${LOA_QEMU}-static" NO_CMAKE_FIND_ROOT_PATH)
if(LOA_QEMU_PROGRAM)
  set(CMAKE_CROSSCOMPILING_EMULATOR "${LOA_QEMU_PROGRAM}")
endif()
