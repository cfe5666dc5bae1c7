# Hardening of every program: what an attacker finds after a bug is as little as the compiler can leave.
# Link flags hold in every build. Code flags hold where LOA_HARDEN is on, and not beside sanitizers, which watch more closely.
# tests/house/hardening.sh reads all of them back from the programs.
option(LOA_HARDEN "Stack, control-flow and library checks in the generated code" ON)

set(executable "$<STREQUAL:$<TARGET_PROPERTY:TYPE>,EXECUTABLE>")
add_link_options("$<${executable}:-pie>" LINKER:-z,relro,-z,now,-z,noexecstack)

if(LOA_HARDEN AND NOT LOA_SANITIZE)
  add_compile_options("$<$<NOT:$<STREQUAL:$<TARGET_PROPERTY:TYPE>,MODULE_LIBRARY>>:-fPIE>"
    -fstack-protector-strong -fstack-clash-protection -Wformat -Werror=format-security)
  # gcc has no cheap control-flow integrity of its own; what the processor checks costs next to nothing.
  if(CMAKE_SYSTEM_PROCESSOR MATCHES "x86_64|AMD64|i.86")
    add_compile_options(-fcf-protection=full)
  elseif(CMAKE_SYSTEM_PROCESSOR MATCHES "aarch64|arm64")
    add_compile_options(-mbranch-protection=standard)
  endif()
  add_compile_definitions(_GLIBCXX_ASSERTIONS)
  # Level 3 also bounds buffers whose size is known only when the program runs. It works in optimised code alone.
  if(NOT CMAKE_BUILD_TYPE STREQUAL "Debug")
    add_compile_options(-U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=3 -ftrivial-auto-var-init=zero)
  endif()
endif()
