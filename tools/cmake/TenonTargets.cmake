# How each kind of target is built. Three kinds, each with the rules its layer lives by:
#   tenon_runtime_library  no LLVM, no exceptions, no RTTI
#   tenon_mlir_library     MLIR and LLVM as shared libraries, one precompiled header, no exceptions
#   tenon_plain_library    C++ with exceptions for the command line (CLI11 throws)
set(TENON_ROOT "${PROJECT_SOURCE_DIR}")

set(TENON_WARNINGS -Wall -Wextra -Wno-unused-parameter -Werror)

set(LLVM_EXTERNAL_LIT /usr/lib/llvm-22/bin/lit CACHE STRING "The lit that matches the LLVM packages")
# 22.1.8's version file refuses a plain "22"; the major is checked here instead.
find_package(MLIR REQUIRED CONFIG HINTS /usr/lib/llvm-22/lib/cmake/mlir)
if(NOT LLVM_VERSION_MAJOR EQUAL 22)
  message(FATAL_ERROR "LLVM ${LLVM_PACKAGE_VERSION} found, 22 expected: install llvm-22-dev and libmlir-22-dev")
endif()
list(APPEND CMAKE_MODULE_PATH "${MLIR_CMAKE_DIR}" "${LLVM_CMAKE_DIR}")
find_package(Threads REQUIRED)
include(TableGen)
include(AddLLVM)
include(AddMLIR)

function(tenon_runtime_library name)
  cmake_parse_arguments(A "" "" "SOURCES;DEPS" ${ARGN})
  add_library(${name} STATIC ${A_SOURCES})
  target_include_directories(${name} PUBLIC "${TENON_ROOT}" "${TENON_ROOT}/runtime/include" "${PROJECT_BINARY_DIR}/generated")
  target_compile_options(${name} PRIVATE ${TENON_WARNINGS} -fno-exceptions -fno-rtti)
  target_link_libraries(${name} PUBLIC ${A_DEPS})
endfunction()

# The one precompiled header of all MLIR targets; built once, reused by every tenon_mlir_* target.
function(tenon_mlir_settings name)
  target_include_directories(${name} SYSTEM PUBLIC ${LLVM_INCLUDE_DIRS} ${MLIR_INCLUDE_DIRS})
  target_include_directories(${name} PUBLIC "${TENON_ROOT}" "${TENON_ROOT}/runtime/include" "${PROJECT_BINARY_DIR}/generated" "${PROJECT_BINARY_DIR}")
  separate_arguments(defs NATIVE_COMMAND "${LLVM_DEFINITIONS}")
  target_compile_options(${name} PRIVATE ${TENON_WARNINGS} ${defs} -fno-exceptions -Xclang -fno-pch-timestamp)
endfunction()
file(GENERATE OUTPUT "${PROJECT_BINARY_DIR}/pch_stub.cpp" CONTENT "// The translation unit that carries the shared precompiled header.\n")
add_library(tenon_pch OBJECT "${PROJECT_BINARY_DIR}/pch_stub.cpp")
tenon_mlir_settings(tenon_pch)
target_precompile_headers(tenon_pch PRIVATE <tools/cmake/pch.h>)
# A clone elsewhere should hit the compiler cache, but a precompiled header holds absolute paths, and so do CMake's flags for
# using one. So it goes in by the one flag whose path ccache makes relative, and ccache (CCACHE_PCH_EXTSUM, see tools/dev)
# hashes this sum of all that the header depends on instead of the header's bytes.
set(CMAKE_CXX_COMPILE_OPTIONS_USE_PCH -include-pch <PCH_FILE>)
file(SHA256 "${TENON_ROOT}/tools/cmake/pch.h" pch_sum)
string(SHA256 pch_sum "${pch_sum} ${LLVM_PACKAGE_VERSION} ${CMAKE_CXX_COMPILER_VERSION} ${CMAKE_BUILD_TYPE} ${TENON_SANITIZE} ${CMAKE_CXX_FLAGS_${CMAKE_BUILD_TYPE}}")
file(GENERATE OUTPUT "${PROJECT_BINARY_DIR}/CMakeFiles/tenon_pch.dir/cmake_pch.hxx.pch.sum" CONTENT "${pch_sum}\n")
set_property(DIRECTORY "${TENON_ROOT}" APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS "${TENON_ROOT}/tools/cmake/pch.h")

function(tenon_mlir_library name)
  cmake_parse_arguments(A "" "" "SOURCES;DEPS;GENERATED" ${ARGN})
  add_library(${name} STATIC ${A_SOURCES})
  tenon_mlir_settings(${name})
  target_precompile_headers(${name} REUSE_FROM tenon_pch)
  target_link_libraries(${name} PUBLIC ${A_DEPS} MLIR LLVM)
  if(A_GENERATED)
    add_dependencies(${name} ${A_GENERATED})
  endif()
endfunction()

function(tenon_mlir_executable name)
  cmake_parse_arguments(A "" "" "SOURCES;DEPS" ${ARGN})
  add_executable(${name} ${A_SOURCES})
  tenon_mlir_settings(${name})
  target_compile_options(${name} PRIVATE -fPIC) # as the precompiled header; CMake's -fPIE would refuse it
  target_precompile_headers(${name} REUSE_FROM tenon_pch)
  target_link_libraries(${name} PRIVATE ${A_DEPS} MLIR LLVM)
endfunction()
