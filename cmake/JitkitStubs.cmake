# jitkit_add_stubs(TARGET SOURCES FILE... [ISA arm64|x86_64] [FEATURES LIST] [LANDING_PADS])
#
# Makes TARGET, an object library of stubs that are compiled at build time, and the header TARGET.h with
# their prototypes. Link it: target_link_libraries(app PRIVATE TARGET), and #include <TARGET.h>.
#
#   SOURCES   .jk files, or C++ files that define jitkit_stubs() (see <jitkit/stubs.hpp>); for arm64 .yaml files
#             too: trap policies of consumers/hv-trap, whose compiler needs yaml-cpp on the machine that builds
#   ISA       default: of the processor that the project is built for
#   FEATURES  CPU features as `jitkit features` names them: "+bmi2,-aes" changes what core ops and the
#             sources' native ops need; without signs the list is exactly what code may use
#   LANDING_PADS  for programs with branch target protection: -fcf-protection, -mbranch-protection=bti
#
# The stub compiler is built from jitkit's headers and cmake/stubs with the compiler of the machine that
# builds, also when the project is cross-compiled: JITKIT_HOST_CXX (default: CMAKE_CXX_COMPILER, or c++
# when cross-compiling). It is built once per build tree and target, and again when its sources change.
cmake_policy(PUSH)
cmake_policy(VERSION 3.22)

# Sets JITKIT_HOST_CXX in the cache.
function(_jitkit_find_host_compiler)
  if(JITKIT_HOST_CXX)
    return()
  endif()
  if(NOT CMAKE_CROSSCOMPILING AND CMAKE_CXX_COMPILER)
    set(found "${CMAKE_CXX_COMPILER}")
  else()
    find_program(found NAMES c++ g++ clang++ NO_CMAKE_FIND_ROOT_PATH NO_CACHE)
  endif()
  if(NOT found)
    message(FATAL_ERROR "jitkit_add_stubs: no C++ compiler for this machine; set JITKIT_HOST_CXX")
  endif()
  set(JITKIT_HOST_CXX "${found}" CACHE FILEPATH "C++20 compiler of the machine that builds, for jitkit_add_stubs")
endfunction()

# A rule that compiles `source` for this machine to `object`.
function(_jitkit_host_object object source isa)
  string(TOUPPER "${isa}" macro)
  set(include "$<TARGET_PROPERTY:jitkit::jitkit,INTERFACE_INCLUDE_DIRECTORIES>")
  add_custom_command(
    OUTPUT "${object}"
    COMMAND ${CMAKE_CXX_COMPILER_LAUNCHER} "${JITKIT_HOST_CXX}" -std=c++20 -O0 -DJITKIT_STUBS_${macro} "-I$<JOIN:${include},;-I>"
            -I "${CMAKE_CURRENT_FUNCTION_LIST_DIR}/stubs" -MD -MF "${object}.d" -MT "${object}"
            -c "${source}" -o "${object}"
    DEPENDS "${source}"
    DEPFILE "${object}.d"
    COMMENT "Stub compiler for ${isa}: ${source}"
    COMMAND_EXPAND_LISTS VERBATIM)
endfunction()

# The target jitkit_stub_compiler_<isa>: its objects, and the program for .jk files.
function(_jitkit_add_stub_compiler directory isa)
  if(TARGET jitkit_stub_compiler_${isa})
    return()
  endif()
  file(MAKE_DIRECTORY "${directory}")
  foreach(name stub_compiler from_text from_source)
    _jitkit_host_object("${directory}/${name}.o" "${CMAKE_CURRENT_FUNCTION_LIST_DIR}/stubs/${name}.cpp" ${isa})
  endforeach()
  add_custom_command(
    OUTPUT "${directory}/from_text"
    COMMAND "${JITKIT_HOST_CXX}" -o "${directory}/from_text" "${directory}/from_text.o" "${directory}/stub_compiler.o"
    DEPENDS "${directory}/from_text.o" "${directory}/stub_compiler.o"
    COMMENT "Stub compiler for ${isa}"
    VERBATIM)
  add_custom_target(jitkit_stub_compiler_${isa} DEPENDS "${directory}/from_text" "${directory}/from_source.o")
endfunction()

# The target jitkit_trap_compiler: the program for trap policies.
function(_jitkit_add_trap_compiler directory)
  if(TARGET jitkit_trap_compiler)
    return()
  endif()
  set(source "${CMAKE_CURRENT_FUNCTION_LIST_DIR}/stubs/from_policy.cpp")
  if(NOT EXISTS "${source}")  # not installed: in the tree it is the consumer's
    cmake_path(SET source NORMALIZE "${CMAKE_CURRENT_FUNCTION_LIST_DIR}/../consumers/hv-trap/main.cpp")
  endif()
  _jitkit_host_object("${directory}/from_policy.o" "${source}" arm64)
  add_custom_command(
    OUTPUT "${directory}/from_policy"
    COMMAND "${JITKIT_HOST_CXX}" -o "${directory}/from_policy" "${directory}/from_policy.o" -lyaml-cpp
    DEPENDS "${directory}/from_policy.o"
    COMMENT "Compiler for trap policies"
    VERBATIM)
  add_custom_target(jitkit_trap_compiler DEPENDS "${directory}/from_policy")
endfunction()

function(jitkit_add_stubs target)
  cmake_parse_arguments(PARSE_ARGV 1 stubs "LANDING_PADS" "ISA;FEATURES" "SOURCES")
  if(stubs_UNPARSED_ARGUMENTS OR NOT stubs_SOURCES)
    message(FATAL_ERROR "jitkit_add_stubs(TARGET SOURCES FILE... [ISA arm64|x86_64] [FEATURES LIST] [LANDING_PADS]): "
                        "${stubs_UNPARSED_ARGUMENTS}")
  endif()
  if(NOT stubs_ISA AND CMAKE_SYSTEM_PROCESSOR MATCHES "^(aarch64|arm64)$")
    set(stubs_ISA arm64)
  elseif(NOT stubs_ISA AND CMAKE_SYSTEM_PROCESSOR MATCHES "^(x86_64|AMD64)$")
    set(stubs_ISA x86_64)
  endif()
  if(NOT stubs_ISA MATCHES "^(arm64|x86_64)$")
    message(FATAL_ERROR "jitkit_add_stubs: ISA is arm64 or x86_64, not '${stubs_ISA}'")
  endif()
  _jitkit_find_host_compiler()
  set(compiler "${CMAKE_BINARY_DIR}/jitkit-stubs/${stubs_ISA}")
  _jitkit_add_stub_compiler("${compiler}" ${stubs_ISA})

  set(directory "${CMAKE_CURRENT_BINARY_DIR}/${target}-stubs")
  file(MAKE_DIRECTORY "${directory}")
  set(outputs "")
  set(objects_of_stubs "")
  set(names "")
  set(includes "")
  foreach(source IN LISTS stubs_SOURCES)
    cmake_path(ABSOLUTE_PATH source)
    cmake_path(GET source STEM LAST_ONLY name)
    cmake_path(GET source EXTENSION LAST_ONLY extension)
    if("${name}" IN_LIST names)
      message(FATAL_ERROR "jitkit_add_stubs: two sources are called ${name}")
    endif()
    list(APPEND names "${name}")
    set(object "${directory}/${name}.o")
    set(header "${directory}/${target}_${name}.h")
    set_source_files_properties("${object}" PROPERTIES EXTERNAL_OBJECT TRUE GENERATED TRUE)
    list(APPEND objects_of_stubs "${object}")
    list(APPEND outputs "${object}" "${header}")
    string(APPEND includes "#include \"${target}_${name}.h\"\n")
    if(extension STREQUAL ".yaml")
      if(NOT stubs_ISA STREQUAL arm64)
        message(FATAL_ERROR "jitkit_add_stubs: ${name}.yaml is a trap policy, which is for arm64 alone")
      endif()
      _jitkit_add_trap_compiler("${compiler}")
      add_custom_command(
        OUTPUT "${object}" "${header}"
        COMMAND "${compiler}/from_policy" "${source}" "${directory}/${name}"
        COMMAND "${CMAKE_COMMAND}" -E copy "${directory}/${name}.h" "${header}"
        DEPENDS "${source}" "${compiler}/from_policy" jitkit_trap_compiler
        DEPFILE "${directory}/${name}.d"
        COMMENT "Trap handlers of ${name}.yaml"
        VERBATIM)
      continue()
    endif()
    if(extension STREQUAL ".jk")
      set(program "${compiler}/from_text")
    else()
      set(program "${directory}/${name}")
      _jitkit_host_object("${program}.host.o" "${source}" ${stubs_ISA})
      set(objects "${program}.host.o" "${compiler}/from_source.o" "${compiler}/stub_compiler.o")
      add_custom_command(
        OUTPUT "${program}"
        COMMAND "${JITKIT_HOST_CXX}" -o "${program}" ${objects}
        DEPENDS ${objects} jitkit_stub_compiler_${stubs_ISA}
        COMMENT "Stub compiler for ${stubs_ISA} with ${name}${extension}"
        VERBATIM)
    endif()
    set(features "")
    if(stubs_FEATURES)
      set(features --features "${stubs_FEATURES}")
    endif()
    if(stubs_LANDING_PADS)
      list(APPEND features --landing-pads)
    endif()
    add_custom_command(
      OUTPUT "${object}" "${header}"
      COMMAND "${program}" ${features} --object "${object}" --header "${header}" "${source}"
      DEPENDS "${source}" "${program}" jitkit_stub_compiler_${stubs_ISA}
      COMMENT "Stubs of ${name}${extension} for ${stubs_ISA}"
      VERBATIM)
  endforeach()
  file(CONFIGURE OUTPUT "${directory}/${target}.h" CONTENT "/* Made by jitkit_add_stubs: do not edit. */\n${includes}" @ONLY)
  add_library(${target} OBJECT ${outputs} "${directory}/${target}.h")
  set_target_properties(${target} PROPERTIES LINKER_LANGUAGE C)
  # CMake hands on only what an object library compiles itself; these come as sources of who links it.
  target_sources(${target} INTERFACE ${objects_of_stubs})
  target_include_directories(${target} INTERFACE "${directory}")
endfunction()

cmake_policy(POP)
