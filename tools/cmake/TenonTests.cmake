# tenon_unittest(NAME SOURCES ... DEPS ...): a GoogleTest binary NAME (ends in "Tests"), found by lit below test/.
# tenon_mlir_unittest: the same for tests that build IR.
# Tests find their data through TENON_TEST_DATA (test/) and may write only below testing::TempDir().
find_package(GTest REQUIRED)
add_custom_target(tenon-unittests)

function(tenon_finish_unittest name deps)
  target_compile_definitions(${name} PRIVATE TENON_TEST_DATA="${TENON_ROOT}/test")
  target_link_libraries(${name} PRIVATE ${deps} GTest::gtest GTest::gtest_main GTest::gmock)
  add_dependencies(tenon-unittests ${name})
endfunction()

function(tenon_unittest name)
  cmake_parse_arguments(A "" "" "SOURCES;DEPS" ${ARGN})
  add_executable(${name} ${A_SOURCES})
  target_compile_options(${name} PRIVATE ${TENON_WARNINGS})
  tenon_finish_unittest(${name} "${A_DEPS}")
endfunction()

function(tenon_mlir_unittest name)
  cmake_parse_arguments(A "" "" "SOURCES;DEPS" ${ARGN})
  tenon_mlir_executable(${name} SOURCES ${A_SOURCES} DEPS ${A_DEPS})
  tenon_finish_unittest(${name} "${A_DEPS}")
endfunction()
