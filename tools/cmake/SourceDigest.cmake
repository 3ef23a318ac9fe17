# cmake -DROOT=<source tree> -DLIST=<file> -DOUTPUT=<file> -P SourceDigest.cmake
# Writes one digest of the files that LIST names, one a line, relative to ROOT: of their names and contents, so that it is
# the same wherever the same sources are. Why: docs/decisions/source-digest.md.
file(STRINGS "${LIST}" names)
list(SORT names)
set(sum "")
foreach(name IN LISTS names)
  file(SHA256 "${ROOT}/${name}" content)
  string(APPEND sum "${content}  ${name}\n") # as sha256sum writes it
endforeach()
string(SHA256 digest "${sum}")
file(WRITE "${OUTPUT}" "\"${digest}\"\n")
