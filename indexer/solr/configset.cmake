# The configset inside the binary: solr/configset/* as string literals in a generated source file.
# Included from indexer/CMakeLists.txt after the room solr is defined.
set(configset_dir ${PROJECT_SOURCE_DIR}/solr/configset)
set(configset_source ${CMAKE_CURRENT_BINARY_DIR}/solr/configset_files.cpp)
file(GLOB configset_paths CONFIGURE_DEPENDS ${configset_dir}/*)
list(SORT configset_paths)
set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${configset_paths})

set(configset_code "// Generated from solr/configset/ by configset.cmake.\n#include \"solr/configset.hpp\"\n\n")
string(APPEND configset_code "namespace daas {\n\nstd::vector<ConfigsetFile> configset_files() {\n  return {\n")
foreach(path IN LISTS configset_paths)
  get_filename_component(name ${path} NAME)
  file(READ ${path} content)
  string(APPEND configset_code "      {\"${name}\", R\"daas_file(${content})daas_file\"},\n")
endforeach()
string(APPEND configset_code "  };\n}\n\n}  // namespace daas\n")

# Written only when it differs, so that configuring alone compiles nothing again.
file(WRITE ${configset_source}.new "${configset_code}")
configure_file(${configset_source}.new ${configset_source} COPYONLY)
target_sources(daas_solr PRIVATE ${configset_source})
