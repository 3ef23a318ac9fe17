# tenon_fuzzer(NAME SOURCES ... DEPS ...): a fuzz target. One source defines LLVMFuzzerTestOneInput; its seeds lie in
# corpus/NAME beside the CMakeLists.txt, and an input that once broke something stays there.
#   NAMETests  built always: replays the seeds and a fixed number of mutations of them, so every check run covers the target
#   NAME       built with the preset `fuzz` (TENON_FUZZ): libFuzzer; run it on a copy of the seeds, for as long as you like:
#              build/fuzz/test/fuzz/NAME -max_total_time=60 /tmp/corpus test/fuzz/corpus/NAME
option(TENON_FUZZ "Build the libFuzzer binaries; needs TENON_SANITIZE to hold fuzzer-no-link" OFF)

if(TENON_FUZZ)
  add_custom_target(tenon-fuzzers COMMENT "libFuzzer binaries")
endif()

function(tenon_fuzzer name)
  cmake_parse_arguments(A "" "" "SOURCES;DEPS" ${ARGN})
  tenon_unittest(${name}Tests SOURCES ${A_SOURCES} "${TENON_ROOT}/test/fuzz/ReplayTests.cpp" DEPS ${A_DEPS})
  target_compile_definitions(${name}Tests PRIVATE TENON_CORPUS="${CMAKE_CURRENT_SOURCE_DIR}/corpus/${name}")
  if(TENON_FUZZ)
    add_executable(${name} ${A_SOURCES})
    target_compile_options(${name} PRIVATE ${TENON_WARNINGS})
    target_link_libraries(${name} PRIVATE ${A_DEPS})
    target_link_options(${name} PRIVATE -fsanitize=fuzzer)
    add_dependencies(tenon-fuzzers ${name})
  endif()
endfunction()
