# tenon_add_engine(NAME MODEL model [QUANT recipe] [KV type] [ACTIVATIONS kind] [TARGETS spec...] [TP 1]
#                  [SHAPES option=value...] [OUTPUT file] [ARGS argument...] [DEPENDS file...])
#
# A target NAME that compiles MODEL (a folder or a GGUF file, relative to the source folder; random: and zeros: as for
# `tenon compile`) into OUTPUT (relative to the build folder; NAME.tenon), as part of `all`. It is compiled again when a
# file that was read has changed, or Tenon itself. SHAPES: max-batch, max-seq, kv-tokens, page-tokens, step-tokens,
# logit-rows, each as the option of that name takes it. ARGS: any other options. DEPENDS: files that other rules make.
# Generators: Ninja and Makefiles (and others that know DEPFILE).
# Sets the target's property TENON_ENGINE to the path of the engine.
function(tenon_add_engine name)
  set(shapes max-batch max-seq kv-tokens page-tokens step-tokens logit-rows)
  cmake_parse_arguments(PARSE_ARGV 1 A "" "MODEL;QUANT;KV;ACTIVATIONS;TP;OUTPUT" "TARGETS;SHAPES;ARGS;DEPENDS")
  set(where "tenon_add_engine(${name})")
  if(A_UNPARSED_ARGUMENTS)
    message(FATAL_ERROR "${where}: unknown arguments: ${A_UNPARSED_ARGUMENTS}")
  endif()
  if(A_KEYWORDS_MISSING_VALUES)
    message(FATAL_ERROR "${where}: no value for ${A_KEYWORDS_MISSING_VALUES}")
  endif()
  if(NOT A_MODEL)
    message(FATAL_ERROR "${where}: expected MODEL with a folder or a GGUF file")
  endif()
  if(DEFINED A_TP AND NOT A_TP STREQUAL "1")
    message(FATAL_ERROR "${where}: TP ${A_TP}: this Tenon compiles for one rank; leave TP out, or use TP 1")
  endif()
  if(NOT Tenon_PROGRAM OR NOT Tenon_COMPILER)
    message(FATAL_ERROR "${where}: the compiler is not installed beside this Tenon (${Tenon_DIR}); install it (Debian: "
      "package tenon), or compile elsewhere and name the file: engines are portable")
  endif()

  list(FIND A_ARGS "external" external)
  if(NOT external EQUAL -1 OR "--weights=external" IN_LIST A_ARGS)
    message(FATAL_ERROR "${where}: --weights external writes a second file whose name only its content gives, which a "
      "build cannot watch; leave it out, or compile with `tenon compile` outside the build")
  endif()

  set(prefix "")
  if(A_MODEL MATCHES "^(random|zeros):(.*)$")
    set(prefix "${CMAKE_MATCH_1}:")
    set(A_MODEL "${CMAKE_MATCH_2}")
  endif()
  get_filename_component(model "${A_MODEL}" ABSOLUTE)
  if(NOT A_OUTPUT)
    set(A_OUTPUT "${name}.tenon")
  endif()
  get_filename_component(output "${A_OUTPUT}" ABSOLUTE BASE_DIR "${CMAKE_CURRENT_BINARY_DIR}")
  get_filename_component(folder "${output}" DIRECTORY)
  file(MAKE_DIRECTORY "${folder}")

  set(command "${Tenon_PROGRAM}" compile "${prefix}${model}" -o "${output}" --depfile "${output}.d" --quiet)
  foreach(option QUANT KV ACTIVATIONS)
    if(DEFINED A_${option})
      string(TOLOWER "${option}" flag)
      string(REPLACE ";" "\\;" value "${A_${option}}") # of a recipe; a command is a list
      list(APPEND command "--${flag}=${value}")
    endif()
  endforeach()
  foreach(target IN LISTS A_TARGETS)
    list(APPEND command --target "${target}")
  endforeach()
  foreach(shape IN LISTS A_SHAPES)
    if(NOT shape MATCHES "^([a-z-]+)=(.+)$" OR NOT CMAKE_MATCH_1 IN_LIST shapes)
      list(JOIN shapes ", " known)
      message(FATAL_ERROR "${where}: SHAPES ${shape}: expected OPTION=VALUE with one of ${known}")
    endif()
    list(APPEND command "--${shape}")
  endforeach()
  list(APPEND command ${A_ARGS})

  add_custom_command(OUTPUT "${output}" COMMAND ${command} DEPENDS "${Tenon_PROGRAM}" "${Tenon_COMPILER}" ${A_DEPENDS}
    DEPFILE "${output}.d" COMMENT "Compiling ${A_MODEL} into ${A_OUTPUT}" VERBATIM)
  add_custom_target(${name} ALL DEPENDS "${output}")
  set_target_properties(${name} PROPERTIES TENON_ENGINE "${output}")
endfunction()
