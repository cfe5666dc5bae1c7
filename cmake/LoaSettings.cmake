# Compiler settings shared by every room, as the interface target loa_settings.
set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
set(CMAKE_RUNTIME_OUTPUT_DIRECTORY "${CMAKE_BINARY_DIR}/bin")

find_program(LOA_CCACHE ccache)
if(LOA_CCACHE)
  set(CMAKE_CXX_COMPILER_LAUNCHER "${CMAKE_COMMAND}" -E env
      "CCACHE_BASEDIR=${CMAKE_SOURCE_DIR}" CCACHE_NOHASHDIR=1 "${LOA_CCACHE}")
endif()

add_library(loa_settings INTERFACE)
target_include_directories(loa_settings INTERFACE "${CMAKE_SOURCE_DIR}")
target_compile_options(loa_settings INTERFACE -Wall -Wextra -Wpedantic -Wshadow
  -Wnon-virtual-dtor -Woverloaded-virtual -Wno-missing-field-initializers)
target_compile_definitions(loa_settings INTERFACE LOA_VERSION="${PROJECT_VERSION}")
if(LOA_SANITIZE)
  add_compile_options(-fsanitize=${LOA_SANITIZE} -fno-omit-frame-pointer -fno-sanitize-recover=all)
  add_link_options(-fsanitize=${LOA_SANITIZE})
endif()
if(CMAKE_CXX_COMPILER_ID STREQUAL "Clang")
  # clang 14 has coroutines but does not say so, and its check of called functions breaks them.
  add_compile_definitions(__cpp_impl_coroutine=201902L)
  add_compile_options(-fno-sanitize=function,vptr -Wno-unused-command-line-argument)
endif()
find_package(Threads REQUIRED)

# loa_room(NAME SOURCES... LINK targets...): one static library per room, named loa_NAME.
function(loa_room name)
  cmake_parse_arguments(ROOM "" "" "SOURCES;LINK;PRIVATE_LINK" ${ARGN})
  add_library(loa_${name} STATIC ${ROOM_SOURCES})
  target_link_libraries(loa_${name} PUBLIC loa_settings ${ROOM_LINK} PRIVATE ${ROOM_PRIVATE_LINK})
endfunction()
