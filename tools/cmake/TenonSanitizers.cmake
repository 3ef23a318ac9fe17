# -DTENON_SANITIZE=address,undefined | thread: builds every target of the tree with clang's sanitizers.
set(TENON_SANITIZE "" CACHE STRING "Sanitizers to build with: address,undefined or thread; empty for none")
if(TENON_SANITIZE)
  add_compile_options(-fsanitize=${TENON_SANITIZE} -fno-sanitize-recover=all -fno-omit-frame-pointer)
  add_link_options(-fsanitize=${TENON_SANITIZE})
endif()
