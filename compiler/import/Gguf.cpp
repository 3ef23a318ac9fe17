#include "compiler/import/Gguf.h"

#include "compiler/import/GgufCursor.h"
#include "compiler/import/TensorInfo.h"
#include "runtime/base/Checked.h"

#include <algorithm>

namespace tenon {
namespace {

constexpr uint64_t kMinEntry = 8 + 1 + 4 + 1;          // key of one byte, a kind, a value of one byte
constexpr uint64_t kMinTensor = 8 + 1 + 4 + 8 + 4 + 8; // name of one byte, one size
constexpr uint64_t kMaxName = 1024;
constexpr uint64_t kMaxKey = 65535; // the format's own limit
constexpr uint32_t kMaxRank = 4;    // the format's own limit
// Of an array: eight times the merges of the largest vocabulary known. Each becomes a string of its own when it is
// read.
constexpr uint64_t kMaxElements = uint64_t(1) << 22;
constexpr uint64_t kDefaultAlignment = 32;

constexpr struct {
  std::string_view name;
  uint32_t bytes;
} kKinds[] = {{"u8", 1},   {"i8", 1},     {"u16", 2},   {"i16", 2}, {"u32", 4}, {"i32", 4}, {"f32", 4},
              {"bool", 1}, {"string", 0}, {"array", 0}, {"u64", 8}, {"i64", 8}, {"f64", 8}};

bool hasControl(std::string_view text) {
  return std::any_of(text.begin(), text.end(), [](unsigned char c) { return c < 0x20 || c == 0x7F; });
}

// Formats that ggml had and dropped: real once, so not a damaged file.
bool isRetired(uint32_t type) {
  return type == 4 || type == 5 || (type >= 31 && type <= 33) || (type >= 36 && type <= 38);
}

class Reader {
public:
  Reader(std::span<const uint8_t> bytes, const std::string &file) : bytes_(bytes), cursor_(bytes, file), file_(file) {}

  Result<GgufHeader> read() {
    TENON_TRY(readFrame());
    for (uint64_t i = 0; i < entryCount_; ++i)
      TENON_TRY(readEntry(i));
    TENON_TRY(checkKeys());
    TENON_TRY(readAlignment());
    for (uint64_t i = 0; i < tensorCount_; ++i)
      TENON_TRY(readTensor(i));
    TENON_TRY(checkNames());
    TENON_TRY(placeTensors());
    return std::move(out_);
  }

private:
  // Magic, version and the two counts.
  Status readFrame() {
    const std::string_view start(reinterpret_cast<const char *>(bytes_.data()), std::min<size_t>(bytes_.size(), 64));
    if (start.starts_with("version https://git-lfs"))
      return Status(Code::InvalidFile, file_ + ": expected a GGUF file, got a Git LFS pointer: the model was not "
                                               "downloaded (git lfs pull fetches it)");
    if (!start.starts_with("GGUF"))
      return cursor_.error("expected \"GGUF\", with which every GGUF file begins, got " +
                           quoteForMessage(start.substr(0, 4)) + "; is this a GGUF file?");
    TENON_TRY(cursor_.skip(4, "the file"));
    const uint64_t versionAt = cursor_.at();
    TENON_ASSIGN(out_.version, cursor_.number<uint32_t>("the version"));
    if (const uint32_t swapped = __builtin_bswap32(out_.version); swapped == 2 || swapped == 3)
      return cursor_.errorAt(versionAt,
                             "the file is big-endian, expected a little-endian one; convert it with gguf's "
                             "gguf-convert-endian",
                             Code::Unsupported);
    if (out_.version != 2 && out_.version != 3)
      return cursor_.errorAt(versionAt,
                             "version " + std::to_string(out_.version) + ", expected 2 or 3; " +
                                 (out_.version == 1 ? "the file is of the format's first months: convert the model "
                                                      "again with a converter of today"
                                                    : "the file is damaged, or newer than this program: fetch it "
                                                      "again"),
                             out_.version == 1 ? Code::Unsupported : Code::InvalidFile);
    TENON_ASSIGN(tensorCount_, cursor_.number<uint64_t>("the number of tensors"));
    TENON_ASSIGN(entryCount_, cursor_.number<uint64_t>("the number of metadata entries"));
    TENON_TRY(checkCount(8, "tensors", tensorCount_, kMinTensor));
    return checkCount(16, "metadata entries", entryCount_, kMinEntry);
  }

  Status checkCount(uint64_t at, const char *what, uint64_t count, uint64_t least) const {
    if (count <= cursor_.left() / least)
      return Status::ok();
    return cursor_.errorAt(at, std::to_string(count) + " " + what + ", but the " + std::to_string(cursor_.left()) +
                                   " bytes that follow have room for at most " +
                                   std::to_string(cursor_.left() / least) +
                                   "; the file is cut off or damaged: fetch it again");
  }

  Result<GgufKind> readKind(std::string_view key) {
    const uint64_t at = cursor_.at();
    TENON_ASSIGN(const uint32_t kind, cursor_.number<uint32_t>("the kind of " + quoteForMessage(key)));
    if (kind > static_cast<uint32_t>(GgufKind::F64))
      return cursor_.errorAt(at, quoteForMessage(key) + " has a value of kind " + std::to_string(kind) +
                                     ", expected 0 to 12; the file is damaged, or newer than version 3");
    return static_cast<GgufKind>(kind);
  }

  Status readEntry(uint64_t index) {
    GgufEntry entry;
    entry.at = cursor_.at();
    TENON_ASSIGN(entry.key, cursor_.string("the key of metadata entry " + std::to_string(index)));
    if (entry.key.empty() || entry.key.size() > kMaxKey || hasControl(entry.key))
      return cursor_.errorAt(entry.at, "metadata entry " + std::to_string(index) + ": expected a key of 1 to " +
                                           std::to_string(kMaxKey) + " bytes without control characters, got " +
                                           quoteForMessage(entry.key));
    TENON_ASSIGN(entry.kind, readKind(entry.key));
    entry.isArray = entry.kind == GgufKind::Array;
    if (entry.isArray) {
      TENON_ASSIGN(entry.kind, readKind(entry.key));
      if (entry.kind == GgufKind::Array)
        return cursor_.errorAt(entry.at, quoteForMessage(entry.key) + " is an array of arrays, which is not supported",
                               Code::Unsupported);
      const uint64_t countAt = cursor_.at();
      TENON_ASSIGN(entry.count, cursor_.number<uint64_t>("the length of " + quoteForMessage(entry.key)));
      const uint64_t least = entry.kind == GgufKind::String ? 8 : bytesOf(entry.kind);
      TENON_TRY(checkCount(countAt, ("elements of " + quoteForMessage(entry.key)).c_str(), entry.count, least));
      if (entry.count > kMaxElements)
        return cursor_.errorAt(countAt, quoteForMessage(entry.key) + " has " + std::to_string(entry.count) +
                                            " elements, expected at most " + std::to_string(kMaxElements) +
                                            "; the file is damaged: fetch it again");
    }
    entry.value = cursor_.at();
    TENON_TRY(passValues(entry));
    out_.entries.push_back(entry);
    return Status::ok();
  }

  // Strings and truth values may be wrong; numbers cannot.
  Status passValues(const GgufEntry &entry) {
    const std::string what = "the value of " + quoteForMessage(entry.key);
    if (entry.kind == GgufKind::String) {
      for (uint64_t i = 0; i < entry.count; ++i)
        TENON_TRY(cursor_.string(what).status());
      return Status::ok();
    }
    TENON_TRY(cursor_.skip(entry.count * bytesOf(entry.kind), what)); // the count fits the file, so the product does
    if (entry.kind == GgufKind::Bool)
      for (uint64_t i = entry.value; i < cursor_.at(); ++i)
        if (bytes_[i] > 1)
          return cursor_.errorAt(i, what + ": expected 0 or 1, got " + std::to_string(bytes_[i]));
    return Status::ok();
  }

  template <typename Item, typename Text> Status checkUnique(std::vector<const Item *> items, Text text) const {
    std::sort(items.begin(), items.end(),
              [&](const Item *a, const Item *b) { return text(*a) != text(*b) ? text(*a) < text(*b) : a->at < b->at; });
    for (size_t i = 1; i < items.size(); ++i)
      if (text(*items[i - 1]) == text(*items[i]))
        return cursor_.errorAt(items[i]->at, quoteForMessage(text(*items[i]), 200) +
                                                 " stands there for the second time, expected every name once; first "
                                                 "at byte " +
                                                 std::to_string(items[i - 1]->at));
    return Status::ok();
  }

  template <typename Item> static std::vector<const Item *> pointers(const std::vector<Item> &items) {
    std::vector<const Item *> out;
    for (const Item &item : items)
      out.push_back(&item);
    return out;
  }

  Status checkKeys() {
    TENON_TRY(checkUnique(pointers(out_.entries), [](const GgufEntry &entry) { return entry.key; }));
    std::sort(out_.entries.begin(), out_.entries.end(),
              [](const GgufEntry &a, const GgufEntry &b) { return a.key < b.key; });
    return Status::ok();
  }
  Status checkNames() const {
    return checkUnique(pointers(out_.tensors), [](const GgufTensor &tensor) { return tensor.name; });
  }

  Status readAlignment() {
    out_.alignment = kDefaultAlignment;
    for (const GgufEntry &entry : out_.entries) {
      if (entry.key != "general.alignment")
        continue;
      if (entry.isArray || entry.kind != GgufKind::U32)
        return cursor_.errorAt(entry.at, "general.alignment: expected a u32, got " +
                                             std::string(entry.isArray ? "an array" : name(entry.kind)));
      TENON_ASSIGN(out_.alignment, GgufCursor(bytes_, file_, entry.value).number<uint32_t>("general.alignment"));
      if (out_.alignment < 8 || (out_.alignment & (out_.alignment - 1)) != 0)
        return cursor_.errorAt(entry.value, "general.alignment: expected a power of two of at least 8, got " +
                                                std::to_string(out_.alignment));
    }
    return Status::ok();
  }

  Status readTensor(uint64_t index) {
    GgufTensor tensor;
    tensor.at = cursor_.at();
    TENON_ASSIGN(tensor.name, cursor_.string("the name of tensor " + std::to_string(index)));
    if (tensor.name.empty() || tensor.name.size() > kMaxName || hasControl(tensor.name))
      return cursor_.errorAt(tensor.at, "tensor " + std::to_string(index) + ": expected a name of 1 to " +
                                            std::to_string(kMaxName) + " bytes without control characters, got " +
                                            quoteForMessage(tensor.name));
    const std::string what = quoteForMessage(tensor.name, 200);
    TENON_ASSIGN(tensor.rank, cursor_.number<uint32_t>("the rank of " + what));
    if (tensor.rank < 1 || tensor.rank > kMaxRank)
      return cursor_.errorAt(cursor_.at() - 4, what + " has " + std::to_string(tensor.rank) +
                                                   " dimensions, expected 1 to " + std::to_string(kMaxRank));
    for (uint32_t d = 0; d < tensor.rank; ++d) {
      TENON_ASSIGN(const uint64_t size, cursor_.number<uint64_t>("a size of " + what));
      if (size < 1 || size > static_cast<uint64_t>(INT64_MAX))
        return cursor_.errorAt(cursor_.at() - 8, what + ": size " + std::to_string(d) +
                                                     ": expected a number from 1 to 2^63 - 1, got " +
                                                     std::to_string(size));
      tensor.sizes[d] = static_cast<int64_t>(size);
    }
    TENON_ASSIGN(const uint32_t type, cursor_.number<uint32_t>("the type of " + what));
    const auto known = ggufTensorType(type);
    if (!known)
      return cursor_.errorAt(cursor_.at() - 4,
                             what + " has elements of type " + std::to_string(type) +
                                 (isRetired(type)
                                      ? ", which ggml has dropped; convert the model again"
                                      : ", expected a number of ggml's table up to 41; the file is damaged, "
                                        "or newer than this program"),
                             isRetired(type) ? Code::Unsupported : Code::InvalidFile);
    tensor.type = *known;
    TENON_TRY(measure(tensor, what));
    TENON_ASSIGN(tensor.offset, cursor_.number<uint64_t>("the offset of " + what));
    if (tensor.offset % out_.alignment != 0)
      return cursor_.errorAt(cursor_.at() - 8, what + " begins at byte " + std::to_string(tensor.offset) +
                                                   " of the data, expected a multiple of the alignment, " +
                                                   std::to_string(out_.alignment));
    out_.tensors.push_back(tensor);
    return Status::ok();
  }

  // Sets the tensor's bytes.
  Status measure(GgufTensor &tensor, const std::string &what) const {
    const TypeBlock block = blockOf(tensor.type);
    const std::span<const int64_t> sizes(tensor.sizes.data(), tensor.rank);
    if (tensor.sizes[0] % block.elements != 0)
      return cursor_.errorAt(tensor.at, what + " has rows of " + std::to_string(tensor.sizes[0]) +
                                            " elements, expected whole blocks of " + std::to_string(block.elements) +
                                            " as its type is " + std::string(name(tensor.type)));
    uint64_t elements = 1;
    tensor.bytes = block.bytes;
    for (uint32_t d = 0; d < tensor.rank; ++d) {
      const auto size = static_cast<uint64_t>(tensor.sizes[d]);
      if (!checkedMul(elements, size, elements) || elements > static_cast<uint64_t>(INT64_MAX) ||
          !checkedMul(tensor.bytes, d == 0 ? size / block.elements : size, tensor.bytes))
        return cursor_.errorAt(tensor.at, what + ": the size of " + shapeText(sizes) + " (innermost first) does not " +
                                              "fit 63 bits");
    }
    return Status::ok();
  }

  Status placeTensors() {
    if (!checkedAlignUp(cursor_.at(), out_.alignment, out_.dataStart))
      return cursor_.error("the padding after the header does not fit 64 bits");
    std::sort(out_.tensors.begin(), out_.tensors.end(), [](const GgufTensor &a, const GgufTensor &b) {
      return a.offset != b.offset ? a.offset < b.offset : a.at < b.at;
    });
    const uint64_t dataBytes = bytes_.size() > out_.dataStart ? bytes_.size() - out_.dataStart : 0;
    const GgufTensor *before = nullptr;
    uint64_t end = 0;
    for (GgufTensor &tensor : out_.tensors) {
      const std::string what = quoteForMessage(tensor.name, 200);
      if (!rangeWithin(tensor.offset, tensor.bytes, dataBytes))
        return cursor_.errorAt(tensor.at, what + " takes " + std::to_string(tensor.bytes) + " bytes from byte " +
                                              std::to_string(tensor.offset) + " of the data, but the file holds only " +
                                              std::to_string(dataBytes) + "; it is cut off (fetch it again), or its " +
                                              "header lies");
      if (before && tensor.offset < end)
        return cursor_.errorAt(tensor.at, what + " begins at byte " + std::to_string(tensor.offset) +
                                              " of the data, inside " + quoteForMessage(before->name, 200) +
                                              ", which ends at byte " + std::to_string(end) +
                                              "; tensors must not overlap");
      end = tensor.offset + tensor.bytes;
      before = &tensor;
    }
    for (GgufTensor &tensor : out_.tensors)
      tensor.offset += out_.dataStart;
    return Status::ok();
  }

  std::span<const uint8_t> bytes_;
  GgufCursor cursor_;
  const std::string &file_;
  uint64_t tensorCount_ = 0, entryCount_ = 0;
  GgufHeader out_;
};

} // namespace

std::string_view name(GgufKind kind) { return kKinds[static_cast<size_t>(kind)].name; }
uint32_t bytesOf(GgufKind kind) { return kKinds[static_cast<size_t>(kind)].bytes; }

Result<GgufHeader> readGgufHeader(std::span<const uint8_t> bytes, const std::string &file) {
  return Reader(bytes, file).read();
}

} // namespace tenon
