// The weights of a model: one sorted table of tensors over one or many files.
//
// A Hugging Face directory holds either `model.safetensors`, or `model.safetensors.index.json` whose weight_map names
// the shard of every tensor. Index and shards must agree exactly. A shard's name must be a plain file name, so an index
// cannot reach outside the folder; symbolic links in the folder are followed, because Hugging Face's own cache is made
// of them. No weight byte is read. Files stay mapped while the Checkpoint lives. Threads: const methods from any
// thread.
#pragma once

#include "compiler/import/Safetensors.h"
#include "runtime/io/MappedFile.h"

#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

namespace tenon {

struct CheckpointFile {
  std::string name; // within the directory
  io::MappedFile file;
};

class Checkpoint {
public:
  static Result<Checkpoint> open(const std::string &directory);
  // One file whose tensors were read already. InvalidFile where two have one name.
  static Result<Checkpoint> ofFile(CheckpointFile file, std::vector<TensorInfo> tensors);

  const std::vector<CheckpointFile> &files() const { return files_; }
  // Names of everything that was read: the index, where there is one, and the files.
  std::vector<std::string> names() const;
  // Sorted by name, bytewise; names are unique.
  const std::vector<TensorInfo> &tensors() const { return tensors_; }

  // nullptr where there is none. Logarithmic.
  const TensorInfo *find(std::string_view name) const;

  // The tensor `name`, whose shape must be `shape` and whose element type must be readable. `meaning` says in a message
  // what the shape should be ("hidden_size x intermediate_size"). InvalidFile when missing or misshapen, Unsupported
  // when of a type that cannot be computed with.
  Result<const TensorInfo *> require(std::string_view name, std::span<const int64_t> shape,
                                     std::string_view meaning = {}) const;

  // A tensor that the family did not take may be a bias or a norm that the config does not speak of: leaving it out
  // would change the numbers. Fails with Unsupported, naming the first few, unless every tensor is in `taken` (any
  // order) or its name ends in one of `harmlessEndings`.
  Status checkAllTaken(std::span<const std::string_view> taken,
                       std::span<const std::string_view> harmlessEndings) const;

private:
  // "\n  in FILE as STORED_NAME, header byte N"
  std::string place(const TensorInfo &tensor) const;
  std::vector<CheckpointFile> files_;
  std::vector<TensorInfo> tensors_;
  bool indexed_ = false;
};

} // namespace tenon
