# Debian packages, made by CPack (`tools/dev deb`):
#   tenon-runtime  what runs engines: the C libraries and `tenon`; no LLVM
#   libtenon-dev   headers, and what CMake, Bazel and pkg-config need to build against them
#   tenon          the compiler
# The bytes are those of the same tree elsewhere when SOURCE_DATE_EPOCH is set.
set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_NAME tenon)
set(CPACK_PACKAGE_VERSION "${PROJECT_VERSION}")
set(CPACK_PACKAGE_CONTACT "The Tenon maintainers <maintainers@tenon.invalid>")
set(CPACK_DEB_COMPONENT_INSTALL ON)
set(CPACK_COMPONENTS_ALL runtime dev compiler)
set(CPACK_COMPONENTS_GROUPING IGNORE)
set(CPACK_SET_DESTDIR ON) # so that what names the prefix names /usr
set(CPACK_INSTALL_PREFIX /usr)
set(CPACK_STRIP_FILES ON)
set(CPACK_PROJECT_CONFIG_FILE "${CMAKE_CURRENT_LIST_DIR}/CPackOptions.cmake")
set(CPACK_INSTALL_DEFAULT_DIRECTORY_PERMISSIONS
  OWNER_READ OWNER_WRITE OWNER_EXECUTE GROUP_READ GROUP_EXECUTE WORLD_READ WORLD_EXECUTE)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_COMPRESSION_TYPE xz)
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)

set(CPACK_DEBIAN_RUNTIME_PACKAGE_NAME tenon-runtime)
set(CPACK_DEBIAN_RUNTIME_PACKAGE_SECTION libs)
set(CPACK_DEBIAN_RUNTIME_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS_PRIVATE_DIRS "${PROJECT_BINARY_DIR}/lib")
set(CPACK_DEBIAN_RUNTIME_PACKAGE_CONTROL_EXTRA "${CMAKE_CURRENT_LIST_DIR}/triggers")
set(CPACK_DEBIAN_PACKAGE_GENERATE_SHLIBS ON)
set(CPACK_DEBIAN_PACKAGE_GENERATE_SHLIBS_POLICY ">=")
set(CPACK_COMPONENT_RUNTIME_DESCRIPTION "runs transformer models that were compiled ahead of time
The C libraries libtenon and libtenon-text, and the program tenon that runs,
inspects and measures engines. It needs no compiler: engines are made by the
package tenon, here or on another machine.")

set(CPACK_DEBIAN_DEV_PACKAGE_NAME libtenon-dev)
set(CPACK_DEBIAN_DEV_PACKAGE_SECTION libdevel)
set(CPACK_DEBIAN_DEV_PACKAGE_DEPENDS "tenon-runtime (= ${PROJECT_VERSION})")
set(CPACK_DEBIAN_DEV_PACKAGE_SUGGESTS "tenon")
set(CPACK_COMPONENT_DEV_DESCRIPTION "builds programs that run compiled transformer models
Headers of libtenon and libtenon-text, their CMake package with rules that
compile and embed engines, Bazel rules, and a file for pkg-config.")

set(CPACK_DEBIAN_COMPILER_PACKAGE_NAME tenon)
set(CPACK_DEBIAN_COMPILER_PACKAGE_SECTION devel)
set(CPACK_DEBIAN_COMPILER_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_COMPILER_PACKAGE_DEPENDS "tenon-runtime (= ${PROJECT_VERSION})")
set(CPACK_COMPONENT_COMPILER_DESCRIPTION "compiles transformer models ahead of time
Turns a Hugging Face folder or a GGUF file into one engine file for a fixed
set of shapes, a precision and some instruction sets, which tenon-runtime
runs.")

# What a package of the system says of itself; no use below other prefixes.
if(CMAKE_INSTALL_PREFIX STREQUAL "/usr")
  find_program(TENON_GZIP gzip REQUIRED)
  execute_process(COMMAND "${TENON_GZIP}" -9n INPUT_FILE "${CMAKE_CURRENT_LIST_DIR}/changelog"
    OUTPUT_FILE "${CMAKE_CURRENT_BINARY_DIR}/changelog.gz" COMMAND_ERROR_IS_FATAL ANY)
  foreach(component runtime dev compiler)
    string(TOUPPER ${component} upper)
    install(FILES "${CMAKE_CURRENT_LIST_DIR}/copyright" "${CMAKE_CURRENT_BINARY_DIR}/changelog.gz"
      DESTINATION "${CMAKE_INSTALL_DATADIR}/doc/${CPACK_DEBIAN_${upper}_PACKAGE_NAME}" COMPONENT ${component})
  endforeach()
endif()
include(CPack)
