# loa_test(NAME SOURCES... LINK targets... TIMEOUT seconds LABELS...): one Catch2 executable; each TEST_CASE becomes a ctest test
# named NAME/case. Catch2 v2's own discovery script runs at build time.
include(CTest)
find_package(Catch2 2.13 REQUIRED)
include(Catch)
add_library(loa_catch_main STATIC "${CMAKE_SOURCE_DIR}/tests/support/catch_main.cpp")
target_link_libraries(loa_catch_main PUBLIC loa_settings Catch2::Catch2)

function(loa_test name)
  cmake_parse_arguments(T "" "TIMEOUT" "SOURCES;LINK;LABELS" ${ARGN})
  if(NOT T_TIMEOUT)
    set(T_TIMEOUT 60)
  endif()
  add_executable(test_${name} ${T_SOURCES})
  target_link_libraries(test_${name} PRIVATE loa_catch_main ${T_LINK})
  target_compile_definitions(test_${name} PRIVATE LOA_SOURCE_DIR="${CMAKE_SOURCE_DIR}" LOA_BIN_DIR="${CMAKE_BINARY_DIR}/bin")
  catch_discover_tests(test_${name} TEST_PREFIX "${name}/" PROPERTIES TIMEOUT ${T_TIMEOUT} LABELS "${T_LABELS}")
endfunction()
