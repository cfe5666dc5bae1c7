# loa_test(NAME SOURCES... LINK targets... TIMEOUT seconds LABELS... LOCK name LONG SERIAL): one Catch2 executable; each TEST_CASE becomes a ctest test
# named NAME/case. A test that computes counts as a processor, one that mostly waits as half of one: PROCESSORS counts halves, and tools/test gives ctest
# two for each processor and two more. LOCK: no other test with the same lock runs beside it. Tests whose real processes have time limits of their own take one:
# `village`, `second_village` or `third_village` (a whole Loa) or `broker` (a broker and a program or two), so that not more of them share the machine. They mostly
# wait, for the minute at which something is to sound, and begin first, so that no processor rests at the end; the rooms are dealt so that the villages
# take about as long.
# LONG: its cases with the tag [long] run in `tools/test --all` only (label `long`), for what takes minutes and has a shorter row beside it.
# SERIAL: nothing runs beside it, for tests that measure time. Catch2 v2's own discovery script runs at build time.
set(LOA_COMPUTES PROCESSORS 2)  # properties of a test that keeps a processor busy
set(LOA_WAITS PROCESSORS 1 COST 500)  # of one that holds a lock and mostly waits
include(CTest)
find_package(Catch2 2.13 REQUIRED)
include(Catch)
add_library(loa_catch_main STATIC "${CMAKE_SOURCE_DIR}/tests/support/catch_main.cpp")
target_link_libraries(loa_catch_main PUBLIC loa_settings Catch2::Catch2)
configure_file("${CMAKE_SOURCE_DIR}/tests/support/places.cpp.in" "${CMAKE_BINARY_DIR}/tests/places.cpp" @ONLY)
add_library(loa_test_places STATIC "${CMAKE_BINARY_DIR}/tests/places.cpp")
target_link_libraries(loa_test_places PUBLIC loa_settings)

function(loa_test name)
  cmake_parse_arguments(T "SERIAL;LONG" "TIMEOUT;LOCK" "SOURCES;LINK;LABELS" ${ARGN})
  if(NOT T_TIMEOUT)
    set(T_TIMEOUT 60)
  endif()
  add_executable(test_${name} ${T_SOURCES})
  target_link_libraries(test_${name} PRIVATE loa_catch_main loa_test_places ${T_LINK})
  set(properties TIMEOUT ${T_TIMEOUT} RUN_SERIAL ${T_SERIAL})
  if(T_LOCK)
    list(APPEND properties RESOURCE_LOCK ${T_LOCK} ${LOA_WAITS})
  else()
    list(APPEND properties ${LOA_COMPUTES})
  endif()
  if(LOA_SANITIZE STREQUAL "thread")
    list(APPEND properties ENVIRONMENT "TSAN_OPTIONS=suppressions=${CMAKE_SOURCE_DIR}/tests/support/tsan.supp")
  endif()
  set(long_properties ${properties} LABELS long)  # one label a test: Catch2's script passes no list on
  if(T_LABELS)
    list(APPEND properties LABELS "${T_LABELS}")
  endif()
  catch_discover_tests(test_${name} TEST_SPEC "~[long]" TEST_PREFIX "${name}/" PROPERTIES ${properties})
  if(T_LONG)
    catch_discover_tests(test_${name} TEST_SPEC "[long]" TEST_PREFIX "${name}/" PROPERTIES ${long_properties})
  endif()
endfunction()

# loa_test_on_postgresql(NAME TIMEOUT seconds LABELS...): all cases of test_NAME once more, in one process, with their stores on a real
# PostgreSQL, as the ctest test NAME/on_postgresql.
function(loa_test_on_postgresql name)
  cmake_parse_arguments(T "" "TIMEOUT" "LABELS" ${ARGN})
  add_test(NAME ${name}/on_postgresql COMMAND test_${name})
  set_tests_properties(${name}/on_postgresql PROPERTIES ${LOA_COMPUTES} COST 200 TIMEOUT ${T_TIMEOUT} LABELS "postgresql;${T_LABELS}" ENVIRONMENT LOA_TEST_STORE=postgresql)
endfunction()
