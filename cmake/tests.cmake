find_package(GTest)
if(NOT GTest_FOUND)
  return()
endif()

native(test_sources tests sources)

# The common code is compiled again, with the sanitizers in it.
add_executable(tests EXCLUDE_FROM_ALL ${test_sources} ${common_sources})
set_target_properties(tests PROPERTIES OUTPUT_NAME boxlite-tests)
target_include_directories(tests PRIVATE cpp)
target_compile_definitions(tests PRIVATE CORPUS="${CMAKE_SOURCE_DIR}/__tests__/corpus")
target_compile_options(tests PRIVATE ${flags_warnings} ${flags_sanitized})
target_link_options(tests PRIVATE ${flags_sanitized})
target_link_libraries(tests PRIVATE GTest::gtest_main)

# Most of a test's compile time is gtest's header. What is tested is compiled as in its program, without it.
target_precompile_headers(tests PRIVATE <gtest/gtest.h>)
set(subjects ${test_sources} ${common_sources})
list(FILTER subjects EXCLUDE REGEX "^cpp/tests/")
set_source_files_properties(${subjects} PROPERTIES SKIP_PRECOMPILE_HEADERS ON)
