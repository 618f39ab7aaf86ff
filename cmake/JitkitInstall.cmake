# Installs the headers from their real directories (never the links), the CMake package and the
# pkg-config file.
include(CMakePackageConfigHelpers)
include(GNUInstallDirs)

set(header_patterns FILES_MATCHING PATTERN "*.hpp" PATTERN "*.def")
install(DIRECTORY include/jitkit/ DESTINATION "${CMAKE_INSTALL_INCLUDEDIR}/jitkit" ${header_patterns}
        PATTERN "ir" EXCLUDE PATTERN "emit" EXCLUDE PATTERN "consumers" EXCLUDE)
install(DIRECTORY ir emit consumers DESTINATION "${CMAKE_INSTALL_INCLUDEDIR}/jitkit"
        ${header_patterns})
# What a generated C model includes.
# CMake makes the directories that hold none of these too (a __pycache__, if a script there has run).
install(CODE "set(headers \"\$ENV{DESTDIR}\${CMAKE_INSTALL_PREFIX}/${CMAKE_INSTALL_INCLUDEDIR}/jitkit\")")
install(CODE [[
  file(GLOB_RECURSE below LIST_DIRECTORIES true "${headers}/*")
  list(SORT below ORDER DESCENDING)
  foreach(path IN LISTS below)
    file(GLOB inside "${path}/*")
    if(IS_DIRECTORY "${path}" AND NOT inside)
      file(REMOVE_RECURSE "${path}")
    endif()
  endforeach()
]])
install(FILES consumers/hv-trap/hv_model.h DESTINATION "${CMAKE_INSTALL_INCLUDEDIR}/jitkit/consumers/hv-trap")

target_include_directories(jitkit INTERFACE $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>)
install(TARGETS jitkit EXPORT jitkit-targets)

set(package_directory "${CMAKE_INSTALL_DATADIR}/cmake/jitkit")
install(EXPORT jitkit-targets NAMESPACE jitkit:: DESTINATION "${package_directory}")
configure_package_config_file(cmake/jitkit-config.cmake.in jitkit-config.cmake
                              INSTALL_DESTINATION "${package_directory}")
write_basic_package_version_file(jitkit-config-version.cmake COMPATIBILITY SameMinorVersion
                                 ARCH_INDEPENDENT)
install(FILES "${CMAKE_CURRENT_BINARY_DIR}/jitkit-config.cmake"
              "${CMAKE_CURRENT_BINARY_DIR}/jitkit-config-version.cmake"
              cmake/JitkitStubs.cmake
        DESTINATION "${package_directory}")

install(DIRECTORY cmake/stubs DESTINATION "${package_directory}")
install(FILES consumers/hv-trap/main.cpp DESTINATION "${package_directory}/stubs" RENAME from_policy.cpp)

configure_file(cmake/jitkit.pc.in jitkit.pc @ONLY)
install(FILES "${CMAKE_CURRENT_BINARY_DIR}/jitkit.pc"
        DESTINATION "${CMAKE_INSTALL_DATADIR}/pkgconfig")
