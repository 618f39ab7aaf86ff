# Where a build from the source tree finds <jitkit/...>.
#
# include/jitkit/{ir,emit,consumers} are relative links to the real directories. A checkout without
# links (an archive, a file system that lacks them) has small files in their place: then a directory
# of forwarding headers is generated in the build tree and searched first.

# Sets `out` to the include directories of the source tree.
function(jitkit_include_directories out)
  set(directories "${PROJECT_SOURCE_DIR}/include")
  if(NOT IS_DIRECTORY "${PROJECT_SOURCE_DIR}/include/jitkit/ir")
    set(forward "${PROJECT_BINARY_DIR}/include")
    file(GLOB_RECURSE headers RELATIVE "${PROJECT_SOURCE_DIR}" CONFIGURE_DEPENDS
         "${PROJECT_SOURCE_DIR}/ir/*.hpp" "${PROJECT_SOURCE_DIR}/ir/*.def"
         "${PROJECT_SOURCE_DIR}/emit/*.hpp" "${PROJECT_SOURCE_DIR}/emit/*.def"
         "${PROJECT_SOURCE_DIR}/consumers/*.hpp" "${PROJECT_SOURCE_DIR}/consumers/*.def")
    foreach(header IN LISTS headers)
      file(CONFIGURE OUTPUT "${forward}/jitkit/${header}"
           CONTENT "#include \"${PROJECT_SOURCE_DIR}/${header}\"\n" @ONLY)
    endforeach()
    list(PREPEND directories "${forward}")
  endif()
  set(${out} "${directories}" PARENT_SCOPE)
endfunction()
