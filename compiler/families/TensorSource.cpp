#include "compiler/families/TensorSource.h"

#include <cstring>

using namespace tenon;

Result<TensorType> CheckpointTensors::require(llvm::StringRef name, llvm::ArrayRef<int64_t> shape,
                                              llvm::StringRef meaning) {
  TENON_ASSIGN(const TensorInfo *tensor, checkpoint_.require(name, shape, meaning));
  used_.insert(name);
  return tensor->type;
}

Status CheckpointTensors::requireCopy(llvm::StringRef copy, llvm::StringRef original) {
  const TensorInfo *a = checkpoint_.find(copy), *b = checkpoint_.find(original);
  if (!a)
    return Status::ok();
  used_.insert(copy);
  auto bytes = [&](const TensorInfo &tensor) {
    return checkpoint_.files()[tensor.file].file.bytes().subspan(tensor.offset, tensor.bytes);
  };
  if (b && a->type == b->type && a->shape == b->shape && std::memcmp(bytes(*a).data(), bytes(*b).data(), a->bytes) == 0)
    return Status::ok();
  return Status(Code::InvalidFile, copy.str() + " (in " + checkpoint_.files()[a->file].name + ") differs from " +
                                       original.str() +
                                       ", expected a copy of it or none: config.json has tie_word_embeddings = true; "
                                       "if the model has a head of its own, set it to false");
}

Status CheckpointTensors::finish(llvm::ArrayRef<llvm::StringLiteral> harmless) {
  auto views = [](auto &&strings) {
    std::vector<std::string_view> out;
    for (llvm::StringRef string : strings)
      out.emplace_back(string.data(), string.size());
    return out;
  };
  return checkpoint_.checkAllTaken(views(used_.keys()), views(harmless));
}
