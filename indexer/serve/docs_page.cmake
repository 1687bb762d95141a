# The documentation page inside the binary: serve/page/* as string literals in a generated source file.
# Included from indexer/CMakeLists.txt after the room serve is defined.
set(page_dir ${CMAKE_CURRENT_SOURCE_DIR}/serve/page)
set(page_source ${CMAKE_CURRENT_BINARY_DIR}/serve/docs_page_files.cpp)
file(GLOB page_paths CONFIGURE_DEPENDS ${page_dir}/*)
list(SORT page_paths)
set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${page_paths})

set(page_code "// Generated from indexer/serve/page/ by docs_page.cmake.\n#include \"serve/docs_page.hpp\"\n\n")
string(APPEND page_code "namespace daas {\n\nconst std::vector<DocsFile>& docs_files() {\n  static const std::vector<DocsFile> kFiles = {\n")
foreach(path IN LISTS page_paths)
  get_filename_component(name ${path} NAME)
  file(READ ${path} content)
  string(APPEND page_code "      {\"${name}\", R\"daas_file(${content})daas_file\"},\n")
endforeach()
string(APPEND page_code "  };\n  return kFiles;\n}\n\n}  // namespace daas\n")

# Written only when it differs, so that configuring alone compiles nothing again.
file(WRITE ${page_source}.new "${page_code}")
configure_file(${page_source}.new ${page_source} COPYONLY)
target_sources(daas_serve PRIVATE ${page_source})
