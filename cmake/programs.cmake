add_library(common STATIC ${common_sources})
target_include_directories(common PUBLIC cpp)
target_compile_options(common PRIVATE ${flags_warnings} ${flags_language} ${flags_program})

native(programs programs)
foreach(program ${programs})
  native(sources ${program} sources)
  native(link ${program} link)
  add_executable(${program} ${sources})
  set_target_properties(${program} PROPERTIES
    OUTPUT_NAME boxlite-${program}
    RUNTIME_OUTPUT_DIRECTORY "${NATIVE_DIRECTORY}")
  target_compile_options(${program} PRIVATE ${flags_warnings} ${flags_language} ${flags_program})
  target_link_options(${program} PRIVATE ${flags_link} ${flags_${link}})
  target_link_libraries(${program} PRIVATE common)
endforeach()

# Only the set-up and the tests run them; they are no part of what is shipped.
set_target_properties(wrap-kernel show-xattrs PROPERTIES RUNTIME_OUTPUT_DIRECTORY "${CMAKE_BINARY_DIR}")
