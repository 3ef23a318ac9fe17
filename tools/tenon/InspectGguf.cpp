#include "tools/tenon/InspectGguf.h"

#include "compiler/import/GgufMetadata.h"
#include "compiler/import/TensorInfo.h"
#include "runtime/base/Printable.h"
#include "runtime/io/MappedFile.h"
#include "tools/cli/JsonWriter.h"
#include "tools/cli/Quantity.h"

#include <algorithm>
#include <cinttypes>
#include <cstdio>
#include <map>

namespace tenon::cli {
namespace {

std::string kindText(const GgufEntry &entry) {
  return std::string(name(entry.kind)) + (entry.isArray ? "[" + std::to_string(entry.count) + "]" : "");
}

// Outermost first, as everywhere in Tenon.
std::vector<int64_t> shapeOf(const GgufTensor &tensor) {
  std::vector<int64_t> shape(tensor.sizes.begin(), tensor.sizes.begin() + tensor.rank);
  std::reverse(shape.begin(), shape.end());
  return shape;
}

struct TypeTotal {
  uint64_t tensors = 0, bytes = 0;
};
std::map<std::string_view, TypeTotal> totals(const GgufHeader &header) {
  std::map<std::string_view, TypeTotal> out;
  for (const GgufTensor &tensor : header.tensors) {
    TypeTotal &total = out[name(tensor.type)];
    ++total.tensors;
    total.bytes += tensor.bytes;
  }
  return out;
}

void printText(const std::string &path, uint64_t bytes, const GgufHeader &header, const GgufMetadata &metadata,
               bool tensors) {
  std::printf("%s: GGUF version %u, %s, data from byte %" PRIu64 ", aligned to %" PRIu64 "\n", path.c_str(),
              header.version, formatBytes(bytes).c_str(), header.dataStart, header.alignment);
  for (const GgufEntry &entry : header.entries)
    std::printf("%-42s %-12s %s\n", printable(entry.key).c_str(), kindText(entry).c_str(),
                metadata.brief(entry).c_str());
  std::printf("%zu tensors:", header.tensors.size());
  for (const auto &[type, total] : totals(header))
    std::printf(" %" PRIu64 " %.*s (%s)", total.tensors, static_cast<int>(type.size()), type.data(),
                formatBytes(total.bytes).c_str());
  std::printf("\n");
  if (!tensors)
    return;
  for (const GgufTensor &tensor : header.tensors)
    std::printf("  %-32s %-8.*s %-16s %12" PRIu64 " bytes at %" PRIu64 "\n", printable(tensor.name).c_str(),
                static_cast<int>(name(tensor.type).size()), name(tensor.type).data(),
                shapeText(shapeOf(tensor)).c_str(), tensor.bytes, tensor.offset);
}

void printJson(const std::string &path, uint64_t bytes, const GgufHeader &header, const GgufMetadata &metadata) {
  JsonWriter json;
  json.beginObject().field("schema_version", 1).field("file", path).field("gguf_version", header.version);
  json.field("bytes", bytes).field("alignment", header.alignment).field("data_start", header.dataStart);
  json.key("metadata").beginArray();
  for (const GgufEntry &entry : header.entries)
    json.beginObject()
        .field("key", entry.key)
        .field("kind", kindText(entry))
        .field("value", metadata.brief(entry))
        .endObject();
  json.endArray().key("tensors").beginArray();
  for (const GgufTensor &tensor : header.tensors) {
    json.beginObject().field("name", tensor.name).field("type", name(tensor.type)).key("shape").beginArray();
    for (int64_t size : shapeOf(tensor))
      json.value(size);
    json.endArray().field("offset", tensor.offset).field("bytes", tensor.bytes).endObject();
  }
  std::printf("%s\n", json.endArray().endObject().text().c_str());
}

} // namespace

bool isGguf(const std::string &path) {
  auto file = io::MappedFile::open(path);
  return file.isOk() && file->size() >= 4 && std::equal(file->bytes().begin(), file->bytes().begin() + 4, "GGUF");
}

Status inspectGguf(const std::string &path, bool tensors, bool json) {
  TENON_ASSIGN(const io::MappedFile file, io::MappedFile::open(path));
  TENON_ASSIGN(const GgufHeader header, readGgufHeader(file.bytes(), path));
  const GgufMetadata metadata(file.bytes(), path, header.entries);
  if (json)
    printJson(path, file.size(), header, metadata);
  else
    printText(path, file.size(), header, metadata, tensors);
  return Status::ok();
}

} // namespace tenon::cli
