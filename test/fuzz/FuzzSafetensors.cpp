// A safetensors header from hostile bytes. What is accepted must keep the promises of Safetensors.h.
#include "compiler/import/Safetensors.h"

#include <cstdlib>
#include <string>

using namespace tenon;

static void check(const std::string &file) {
  auto tensors = readSafetensorsHeader({reinterpret_cast<const uint8_t *>(file.data()), file.size()}, "fuzz", 0);
  if (!tensors.isOk()) {
    if (tensors.status().message().empty())
      std::abort();
    return;
  }
  uint64_t at = 0, total = 0;
  for (const TensorInfo &tensor : *tensors) {
    if (tensor.offset < at || tensor.offset > file.size() || tensor.bytes > file.size() - tensor.offset ||
        tensor.name.empty() || tensor.shape.size() > 8)
      std::abort();
    at = tensor.offset + tensor.bytes;
    total += tensor.bytes;
  }
  if (!tensors->empty() && at != file.size())
    std::abort();
  if (total > file.size())
    std::abort();
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  std::string text(reinterpret_cast<const char *>(data), size);
  check(text);
  // The same bytes as the JSON of a well-framed file: mutations then reach past the length field. Two bytes say how
  // much data follows.
  if (size < 2)
    return 0;
  uint64_t header = size - 2, dataBytes = data[size - 2] | data[size - 1] << 8;
  std::string framed;
  for (int i = 0; i < 8; ++i)
    framed += static_cast<char>(header >> (8 * i) & 0xFF);
  check(framed + text.substr(0, header) + std::string(dataBytes, '\0'));
  return 0;
}
