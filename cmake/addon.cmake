native(addon_sources addon sources)

execute_process(
  COMMAND node -p "require('node-addon-api').include_dir"
  WORKING_DIRECTORY "${CMAKE_SOURCE_DIR}"
  OUTPUT_VARIABLE node_addon_api
  OUTPUT_STRIP_TRAILING_WHITESPACE
  COMMAND_ERROR_IS_FATAL ANY)

add_library(addon MODULE ${addon_sources})
set_target_properties(addon PROPERTIES
  OUTPUT_NAME boxlite
  PREFIX ""
  SUFFIX ".node"
  LIBRARY_OUTPUT_DIRECTORY "${NATIVE_DIRECTORY}")
target_include_directories(addon PRIVATE binding cpp)
target_include_directories(addon SYSTEM PRIVATE ${CMAKE_JS_INC} "${node_addon_api}")
# CPP_EXCEPTIONS_ALL: without it a std::exception that leaves a callback ends the process.
target_compile_definitions(addon PRIVATE
  NAPI_VERSION=8 NODE_ADDON_API_CPP_EXCEPTIONS NODE_ADDON_API_CPP_EXCEPTIONS_ALL)
target_compile_options(addon PRIVATE ${flags_warnings} ${flags_addon})
target_link_options(addon PRIVATE ${flags_link})
