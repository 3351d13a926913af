# SPDX-License-Identifier: MIT
# One ctest entry for each way in which other projects take deepgemm in: package_test.cmake builds and runs the consumers
# in tests/package that way. Ways whose tool is not found have no entry.
find_program(DEEPGEMM_PKG_CONFIG pkg-config)
find_program(DEEPGEMM_CONAN conan)
mark_as_advanced(DEEPGEMM_PKG_CONFIG DEEPGEMM_CONAN)

set(package_ways install find_package add_subdirectory fetch_content two_copies messages vcpkg)
if(DEEPGEMM_PKG_CONFIG)
    list(APPEND package_ways pkg_config)
endif()
if(DEEPGEMM_CONAN)
    list(APPEND package_ways conan)
endif()
if(DEEPGEMM_NVCC)
    list(APPEND package_ways cuda)
endif()
foreach(way IN LISTS package_ways)
    add_test(NAME package/${way} COMMAND ${CMAKE_COMMAND}
        -D way=${way} -D source_dir=${PROJECT_SOURCE_DIR} -D binary_dir=${PROJECT_BINARY_DIR}
        -D generator=${CMAKE_GENERATOR} -D compiler=${CMAKE_CXX_COMPILER} -D version=${PROJECT_VERSION} -D nm=${CMAKE_NM}
        -D pkg_config=${DEEPGEMM_PKG_CONFIG} -D conan=${DEEPGEMM_CONAN} -D nvcc=${DEEPGEMM_NVCC}
        -P "${PROJECT_SOURCE_DIR}/cmake/package_test.cmake")
    set_tests_properties(package/${way} PROPERTIES LABELS package TIMEOUT 300 FIXTURES_REQUIRED deepgemm_prefix)
endforeach()
set_tests_properties(package/install PROPERTIES FIXTURES_SETUP deepgemm_prefix FIXTURES_REQUIRED "")
