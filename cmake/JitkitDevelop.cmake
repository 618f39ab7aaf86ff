# What jitkit's own tools, tests, examples and benchmarks share; not part of the package.

# Warnings that every file of the repository is clean under.
function(jitkit_warnings target)
  target_compile_options(${target} PRIVATE -Wall -Wextra -Wconversion -Wshadow
                         $<$<COMPILE_LANGUAGE:CXX>:-Wold-style-cast> -Werror)
endfunction()

# An executable of this repository, linked with jitkit and compiled with its warnings.
function(jitkit_executable target)
  add_executable(${target} ${ARGN})
  target_link_libraries(${target} PRIVATE jitkit::jitkit)
  jitkit_warnings(${target})
endfunction()

# Sets `out` to an include directory that holds `header` of a header-only host package. A cross
# compiler must not search /usr/include, so there it is a directory with a link to the one package.
function(jitkit_host_headers out header)
  find_path(root "${header}" PATHS /usr/include NO_CMAKE_FIND_ROOT_PATH NO_CACHE REQUIRED)
  if(CMAKE_CROSSCOMPILING)
    cmake_path(GET header PARENT_PATH package)
    set(links "${PROJECT_BINARY_DIR}/host-headers/${package}")
    file(MAKE_DIRECTORY "${links}")
    file(CREATE_LINK "${root}/${package}" "${links}/${package}" SYMBOLIC)
    set(root "${links}")
  endif()
  set(${out} "${root}" PARENT_SCOPE)
endfunction()

# fmt, for tools, tests and benchmarks: the library, or header-only when cross-compiling.
add_library(jitkit_fmt INTERFACE)
if(CMAKE_CROSSCOMPILING)
  jitkit_host_headers(fmt_headers fmt/format.h)
  target_include_directories(jitkit_fmt SYSTEM INTERFACE "${fmt_headers}")
  target_compile_definitions(jitkit_fmt INTERFACE FMT_HEADER_ONLY)
else()
  find_package(fmt REQUIRED)
  target_link_libraries(jitkit_fmt INTERFACE fmt::fmt)
endif()

# ir::Compiler of both targets, instantiated once for the tools and tests that only call it:
# #include <compilers.hpp> instead of <jitkit/ir/compile.hpp> and the targets.
add_library(jitkit_compilers STATIC EXCLUDE_FROM_ALL tools/compilers_arm64.cpp
                                                     tools/compilers_x86_64.cpp)
target_link_libraries(jitkit_compilers PUBLIC jitkit::jitkit)
target_include_directories(jitkit_compilers INTERFACE "${PROJECT_SOURCE_DIR}/tools")
jitkit_warnings(jitkit_compilers)
# The tests spend their time in it.
target_compile_options(jitkit_compilers PRIVATE $<$<CONFIG:Debug>:-O1>)

# tools/fuzz/, with the text of the program that the process it runs code in is made of.
set(guest_text "")
foreach(name guest.h preserving_call.h guest.c)
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS tools/fuzz/${name})
  file(READ tools/fuzz/${name} text)
  string(REGEX REPLACE "#include \"[a-z_]+\\.h\"\n" "" text "${text}")
  string(APPEND guest_text "${text}")
endforeach()
configure_file(tools/fuzz/guest_text.hpp.in fuzz/fuzz_guest_text.hpp @ONLY)
add_library(jitkit_fuzz INTERFACE)
target_link_libraries(jitkit_fuzz INTERFACE jitkit_compilers jitkit_fmt)
target_include_directories(jitkit_fuzz INTERFACE "${PROJECT_BINARY_DIR}/fuzz")

# LLVM 19's C API, for the importer and for the tests that ask LLVM; no target where it is not installed.
if(NOT CMAKE_CROSSCOMPILING)
  find_path(LLVM_C_HEADERS llvm-c/Core.h PATHS /usr/lib/llvm-19/include NO_DEFAULT_PATH)
  find_library(LLVM_LIBRARY LLVM PATHS /usr/lib/llvm-19/lib NO_DEFAULT_PATH)
  if(LLVM_C_HEADERS AND LLVM_LIBRARY)
    add_library(jitkit_llvm_c INTERFACE)
    target_include_directories(jitkit_llvm_c SYSTEM INTERFACE "${LLVM_C_HEADERS}")
    target_link_libraries(jitkit_llvm_c INTERFACE "${LLVM_LIBRARY}")
  endif()
endif()
