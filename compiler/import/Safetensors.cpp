#include "compiler/import/Safetensors.h"

#include "runtime/base/Checked.h"
#include "runtime/base/Json.h"

#include <algorithm>

namespace tenon {
namespace {

constexpr size_t kMaxName = 1024;
constexpr size_t kMaxRank = 8;

Status bad(const std::string &file, const std::string &message) {
  return Status(Code::InvalidFile, file + ": " + message);
}

// The JSON text after its length field.
Result<std::string_view> headerText(std::span<const uint8_t> bytes, const std::string &name) {
  std::string_view text(reinterpret_cast<const char *>(bytes.data()), bytes.size());
  if (text.starts_with("version https://git-lfs"))
    return bad(name,
               "expected tensors, got a Git LFS pointer: the weights were not downloaded (git lfs pull fetches them)");
  if (bytes.size() < 8)
    return bad(name, "expected a safetensors file, which starts with 8 bytes of header length; the file has " +
                         std::to_string(bytes.size()) + " bytes");
  uint64_t length = 0;
  for (int i = 7; i >= 0; --i)
    length = length << 8 | bytes[i];
  if (length > kMaxSafetensorsHeader)
    return bad(name, "bytes 0 to 7 give a header of " + std::to_string(length) + " bytes, expected at most " +
                         std::to_string(kMaxSafetensorsHeader) + "; is this a safetensors file?");
  if (length > bytes.size() - 8)
    return bad(name, "bytes 0 to 7 give a header of " + std::to_string(length) + " bytes, but only " +
                         std::to_string(bytes.size() - 8) + " follow; the file is cut off or not a safetensors file");
  text = text.substr(8, length);
  if (!text.starts_with('{'))
    return bad(name, "byte 8: expected the header's '{', got " + quoteForMessage(text.substr(0, 1)));
  return text;
}

Status checkName(std::string_view name, const JsonValue &entry) {
  bool control = std::any_of(name.begin(), name.end(), [](unsigned char c) { return c < 0x20 || c == 0x7F; });
  if (name.empty() || name.size() > kMaxName || control)
    return entry.error("expected a tensor name of 1 to " + std::to_string(kMaxName) +
                       " bytes without control characters, got one of " + std::to_string(name.size()) + " bytes");
  return Status::ok();
}

Status checkMetadata(const JsonValue &metadata) {
  TENON_ASSIGN(JsonMembers members, metadata.asObject());
  for (auto [key, value] : members)
    TENON_TRY(value.string().status());
  return Status::ok();
}

// Reads [a, b, ...] of whole numbers; at most `most` of them.
Result<std::vector<int64_t>> readNumbers(const JsonValue &value, size_t most) {
  std::vector<int64_t> out;
  TENON_ASSIGN(JsonElements elements, value.asArray());
  for (JsonValue element : elements) {
    if (out.size() == most)
      return value.error("expected at most " + std::to_string(most) + " numbers, got more");
    TENON_ASSIGN(int64_t number, element.integer(0));
    out.push_back(number);
  }
  return out;
}

// Reads one entry; `offset` is left relative to the data section.
Result<TensorInfo> readEntry(std::string_view name, const JsonValue &entry, uint64_t dataBytes) {
  TENON_TRY(checkName(name, entry));
  TENON_ASSIGN(JsonMembers members, entry.asObject());
  TensorInfo tensor;
  tensor.name = name;
  std::optional<JsonValue> dtype, shape, offsets;
  for (auto [key, value] : members) {
    auto *slot = key == "dtype" ? &dtype : key == "shape" ? &shape : key == "data_offsets" ? &offsets : nullptr;
    if (!slot)
      return entry.error("expected dtype, shape and data_offsets only, got " + quoteForMessage(key));
    *slot = value;
  }
  if (!dtype || !shape || !offsets)
    return entry.error(std::string("expected dtype, shape and data_offsets, ") +
                       (!dtype   ? "dtype"
                        : !shape ? "shape"
                                 : "data_offsets") +
                       " is missing");

  TENON_ASSIGN(std::string_view typeName, dtype->string());
  auto type = tensorTypeNamed(typeName);
  if (!type)
    return dtype->mismatch("an element type of safetensors such as BF16, F16 or F32", Code::Unsupported);
  tensor.type = *type;
  TENON_ASSIGN(tensor.shape, readNumbers(*shape, kMaxRank));
  TENON_ASSIGN(std::vector<int64_t> range, readNumbers(*offsets, 2));
  if (range.size() != 2)
    return offsets->error("expected [begin, end], got " + std::to_string(range.size()) + " numbers");

  uint64_t begin = static_cast<uint64_t>(range[0]), end = static_cast<uint64_t>(range[1]);
  if (begin > end)
    return offsets->error("expected begin <= end, got " + shapeText(range));
  if (end > dataBytes)
    return offsets->error("ends at byte " + std::to_string(end) + " of the data, but the file holds only " +
                          std::to_string(dataBytes) + "; it is cut off, or its header lies");
  uint64_t bits = bitsOf(tensor.type);
  for (int64_t size : tensor.shape)
    if (!checkedMul(bits, static_cast<uint64_t>(size), bits))
      return shape->error("the size of " + shapeText(tensor.shape) + " does not fit 64 bits");
  if (bits % 8 != 0)
    return shape->error("expected a whole number of bytes, got " + std::to_string(bits) + " bits of " +
                        std::string(tenon::name(tensor.type)));
  if (bits / 8 != end - begin)
    return offsets->error("spans " + std::to_string(end - begin) + " bytes, expected " + std::to_string(bits / 8) +
                          " for " + std::string(tenon::name(tensor.type)) + " of shape " + shapeText(tensor.shape));
  tensor.offset = begin;
  tensor.bytes = end - begin;
  return tensor;
}

// `tensors` is in order of offset: each must begin where the one before ends, the last must end with the data.
Status checkCover(const std::vector<TensorInfo> &tensors, uint64_t dataBytes, const std::string &name) {
  auto beginning = [](const TensorInfo &tensor) {
    return quoteForMessage(tensor.name, 200) + " begins at byte " + std::to_string(tensor.offset);
  };
  uint64_t at = 0;
  const TensorInfo *before = nullptr;
  for (const TensorInfo &tensor : tensors) {
    if (tensor.offset < at)
      return bad(name, beginning(tensor) + " of the data, inside " + quoteForMessage(before->name, 200) +
                           ", which ends at byte " + std::to_string(at) + "; tensors must not overlap");
    if (tensor.offset > at)
      return bad(name, beginning(tensor) + " of the data, expected byte " + std::to_string(at) +
                           ": the bytes between belong to no tensor");
    at += tensor.bytes; // cannot overflow: every range lies within the data
    before = &tensor;
  }
  if (at != dataBytes)
    return bad(name, "the tensors end at byte " + std::to_string(at) + " of the data, but the file holds " +
                         std::to_string(dataBytes) + "; the bytes after them belong to no tensor");
  return Status::ok();
}

} // namespace

Result<std::vector<TensorInfo>> readSafetensorsHeader(std::span<const uint8_t> bytes, const std::string &name,
                                                      uint32_t file) {
  TENON_ASSIGN(std::string_view text, headerText(bytes, name));
  TENON_ASSIGN(JsonDocument document, parseJson(text, name, {.maxBytes = kMaxSafetensorsHeader, .maxDepth = 8}));
  TENON_ASSIGN(JsonMembers entries, document.root().asObject());
  const uint64_t dataStart = 8 + text.size(), dataBytes = bytes.size() - dataStart;
  std::vector<TensorInfo> tensors;
  for (auto [key, entry] : entries) {
    if (key == "__metadata__") {
      TENON_TRY(checkMetadata(entry));
      continue;
    }
    TENON_ASSIGN(TensorInfo tensor, readEntry(key, entry, dataBytes));
    tensor.file = file;
    tensors.push_back(std::move(tensor));
  }
  std::sort(tensors.begin(), tensors.end(), [](const TensorInfo &a, const TensorInfo &b) {
    return a.offset != b.offset ? a.offset < b.offset : a.bytes != b.bytes ? a.bytes < b.bytes : a.name < b.name;
  });
  TENON_TRY(checkCover(tensors, dataBytes, name));
  for (TensorInfo &tensor : tensors)
    tensor.offset += dataStart;
  return tensors;
}

std::string shapeText(std::span<const int64_t> shape) {
  std::string out = "[";
  for (size_t i = 0; i < shape.size(); ++i)
    out += (i ? ", " : "") + std::to_string(shape[i]);
  return out + "]";
}

} // namespace tenon
