#include "compiler/import/Checkpoint.h"

#include "runtime/base/Json.h"

#include <algorithm>
#include <filesystem>

namespace tenon {
namespace {

namespace fs = std::filesystem;

constexpr const char *kSingle = "model.safetensors";
constexpr const char *kIndex = "model.safetensors.index.json";
constexpr size_t kMaxShards = 1000; // each costs a file descriptor

bool isThere(const fs::path &path) {
  std::error_code error;
  // The link itself: a dangling one should be opened and complained about, not overlooked.
  return fs::symlink_status(path, error).type() != fs::file_type::not_found;
}

std::string_view textOf(const io::MappedFile &file) {
  return {reinterpret_cast<const char *>(file.bytes().data()), file.bytes().size()};
}

struct Mapped {
  std::string_view tensor, shard;
  bool operator<(const Mapped &other) const { return tensor < other.tensor; }
};

bool isPlainName(std::string_view name) {
  if (name.empty() || name.size() > 255 || name == "." || name == "..")
    return false;
  return std::none_of(name.begin(), name.end(),
                      [](unsigned char c) { return c == '/' || c == '\\' || c < 0x20 || c == 0x7F; });
}

// The weight_map, sorted by tensor. Views into `document`.
Result<std::vector<Mapped>> readWeightMap(const JsonDocument &document) {
  TENON_ASSIGN(JsonValue map, document.root().member("weight_map"));
  TENON_ASSIGN(JsonMembers members, map.asObject());
  std::vector<Mapped> out;
  for (auto [tensor, value] : members) {
    TENON_ASSIGN(std::string_view shard, value.string());
    if (!isPlainName(shard))
      return value.mismatch("the plain name of a file in the same folder");
    out.push_back({tensor, shard});
  }
  if (out.empty())
    return map.error("expected at least one tensor, got none");
  std::sort(out.begin(), out.end());
  return out;
}

Status missingWeights(const std::string &directory) {
  std::string message = directory + ": no weights: looked for " + kSingle + " and " + kIndex + " and found neither";
  for (const char *pickle : {"pytorch_model.bin", "pytorch_model.bin.index.json"})
    if (isThere(fs::path(directory) / pickle))
      return Status(Code::InvalidFile,
                    message + "; " + pickle +
                        " holds Python pickles, which can run code when they are read: convert them where you trust "
                        "them, with transformers' model.save_pretrained(FOLDER, safe_serialization=True)");
  return Status(Code::InvalidFile,
                message + "; use random:CONFIG.json or zeros:CONFIG.json to compile without weights");
}

} // namespace

Result<Checkpoint> Checkpoint::open(const std::string &directory) {
  const fs::path folder(directory);
  const bool single = isThere(folder / kSingle), sharded = isThere(folder / kIndex);
  if (single && sharded)
    return Status(Code::InvalidFile, directory + ": expected either " + kSingle + " or " + kIndex +
                                         ", found both; remove the one that is not meant");
  if (!single && !sharded)
    return missingWeights(directory);

  Checkpoint out;
  auto add = [&](const std::string &name) -> Status {
    TENON_ASSIGN(io::MappedFile file, io::MappedFile::open((folder / name).string()));
    TENON_ASSIGN(std::vector<TensorInfo> tensors,
                 readSafetensorsHeader(file.bytes(), name, static_cast<uint32_t>(out.files_.size())));
    out.files_.push_back({name, std::move(file)});
    std::move(tensors.begin(), tensors.end(), std::back_inserter(out.tensors_));
    return Status::ok();
  };
  auto byName = [](const TensorInfo &a, const TensorInfo &b) { return a.name < b.name; };
  if (single) {
    TENON_TRY(add(kSingle));
    std::sort(out.tensors_.begin(), out.tensors_.end(), byName);
    return out;
  }

  out.indexed_ = true;
  TENON_ASSIGN(io::MappedFile indexFile, io::MappedFile::open((folder / kIndex).string()));
  TENON_ASSIGN(JsonDocument index, parseJson(textOf(indexFile), kIndex));
  TENON_ASSIGN(std::vector<Mapped> map, readWeightMap(index));
  std::vector<std::string_view> shards;
  for (const Mapped &entry : map)
    shards.push_back(entry.shard);
  std::sort(shards.begin(), shards.end());
  shards.erase(std::unique(shards.begin(), shards.end()), shards.end());
  if (shards.size() > kMaxShards)
    return Status(Code::InvalidFile, std::string(kIndex) + ": weight_map: names " + std::to_string(shards.size()) +
                                         " files, expected at most " + std::to_string(kMaxShards));
  for (std::string_view shard : shards)
    TENON_TRY(add(std::string(shard)));
  std::sort(out.tensors_.begin(), out.tensors_.end(), byName);

  // Both lists are sorted by name: walk them together.
  auto fileOf = [&](const TensorInfo &tensor) { return out.files_[tensor.file].name; };
  auto differ = [&](std::string_view tensor, const std::string &message) {
    return Status(Code::InvalidFile, std::string(kIndex) + ": " + quoteForMessage(tensor, 200) + " " + message);
  };
  size_t at = 0;
  for (const Mapped &entry : map) {
    std::string shard(entry.shard);
    if (at < out.tensors_.size() && out.tensors_[at].name < entry.tensor)
      return differ(out.tensors_[at].name, "is in " + fileOf(out.tensors_[at]) + " but not in weight_map");
    if (at == out.tensors_.size() || out.tensors_[at].name != entry.tensor)
      return differ(entry.tensor, "should be in " + shard + ", which has no such tensor");
    if (at + 1 < out.tensors_.size() && out.tensors_[at + 1].name == entry.tensor)
      return differ(entry.tensor, "is in both " + fileOf(out.tensors_[at]) + " and " + fileOf(out.tensors_[at + 1]) +
                                      ", expected " + shard + " alone");
    if (fileOf(out.tensors_[at]) != shard)
      return differ(entry.tensor, "should be in " + shard + ", but is in " + fileOf(out.tensors_[at]));
    ++at;
  }
  if (at < out.tensors_.size())
    return differ(out.tensors_[at].name, "is in " + fileOf(out.tensors_[at]) + " but not in weight_map");
  return out;
}

Result<Checkpoint> Checkpoint::ofFile(CheckpointFile file, std::vector<TensorInfo> tensors) {
  Checkpoint out;
  out.files_.push_back(std::move(file));
  out.tensors_ = std::move(tensors);
  std::sort(out.tensors_.begin(), out.tensors_.end(),
            [](const TensorInfo &a, const TensorInfo &b) { return a.name < b.name; });
  auto stored = [](const TensorInfo &tensor) { return tensor.storedName.empty() ? tensor.name : tensor.storedName; };
  for (size_t i = 1; i < out.tensors_.size(); ++i)
    if (out.tensors_[i - 1].name == out.tensors_[i].name)
      return Status(Code::InvalidFile, out.files_[0].name + ": " + stored(out.tensors_[i - 1]) + " and " +
                                           stored(out.tensors_[i]) + " are both " + out.tensors_[i].name +
                                           " of the model, expected one of them");
  return out;
}

std::vector<std::string> Checkpoint::names() const {
  std::vector<std::string> names;
  for (const CheckpointFile &file : files_)
    names.push_back(file.name);
  if (indexed_)
    names.insert(names.begin(), kIndex);
  return names;
}

const TensorInfo *Checkpoint::find(std::string_view name) const {
  auto at = std::lower_bound(tensors_.begin(), tensors_.end(), name,
                             [](const TensorInfo &tensor, std::string_view wanted) { return tensor.name < wanted; });
  return at != tensors_.end() && at->name == name ? &*at : nullptr;
}

std::string Checkpoint::place(const TensorInfo &tensor) const {
  const CheckpointFile &in = files_[tensor.file];
  std::string out = "\n  in " + in.name;
  if (!tensor.storedName.empty())
    out += " as " + tensor.storedName;
  if (tensor.headerByte != 0)
    return out + ", header byte " + std::to_string(tensor.headerByte);
  // Names that JSON writes with escapes are not found; the message then goes without.
  size_t at = textOf(in.file).substr(0, tensor.offset).find("\"" + tensor.name + "\"");
  return at == std::string_view::npos ? out : out + ", header byte " + std::to_string(at);
}

Result<const TensorInfo *> Checkpoint::require(std::string_view name, std::span<const int64_t> shape,
                                               std::string_view meaning) const {
  std::string wanted = shapeText(shape) + (meaning.empty() ? "" : " (" + std::string(meaning) + ")");
  const TensorInfo *tensor = find(name);
  if (!tensor)
    return Status(Code::InvalidFile,
                  std::string(name) + " is missing, expected a tensor of shape " + wanted + "\n  looked at the " +
                      std::to_string(tensors_.size()) + " tensors of " +
                      (files_.size() == 1 ? files_[0].name : std::to_string(files_.size()) + " files") +
                      "\n  config.json and the weights seem to belong to different models");
  if (!std::equal(shape.begin(), shape.end(), tensor->shape.begin(), tensor->shape.end()))
    return Status(Code::InvalidFile, tensor->name + " has shape " + shapeText(tensor->shape) + ", expected " + wanted +
                                         place(*tensor) +
                                         "\n  config.json and the weights seem to belong to different models");
  if (!isReadable(tensor->type))
    return Status(Code::Unsupported, tensor->name + " has elements of type " + std::string(tenon::name(tensor->type)) +
                                         ", expected BF16, F16 or F32, or GGUF's Q8_0 or Q4_0" + place(*tensor));
  return tensor;
}

Status Checkpoint::checkAllTaken(std::span<const std::string_view> taken,
                                 std::span<const std::string_view> harmlessEndings) const {
  std::vector<std::string_view> sorted(taken.begin(), taken.end());
  std::sort(sorted.begin(), sorted.end());
  constexpr size_t kShown = 3;
  size_t left = 0;
  std::string names;
  for (const TensorInfo &tensor : tensors_) {
    auto endsIn = [&](std::string_view ending) { return tensor.name.ends_with(ending); };
    if (std::binary_search(sorted.begin(), sorted.end(), tensor.name) ||
        std::any_of(harmlessEndings.begin(), harmlessEndings.end(), endsIn))
      continue;
    if (++left <= kShown)
      names +=
          (left == 1 ? "" : ", ") + tensor.name + " " + shapeText(tensor.shape) + " in " + files_[tensor.file].name;
  }
  if (left == 0)
    return Status::ok();
  return Status(Code::Unsupported,
                "the weights hold " + std::to_string(left) + (left == 1 ? " tensor" : " tensors") +
                    " that the model built from config.json does not use: " + names + (left > kShown ? ", ..." : "") +
                    "\n  leaving them out could change what the model computes; is it of another family?");
}

} // namespace tenon
