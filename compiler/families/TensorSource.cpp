#include "compiler/families/TensorSource.h"
#include "llvm/ADT/STLExtras.h"

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
  const TensorInfo *first = nullptr;
  size_t count = 0;
  for (const TensorInfo &tensor : checkpoint_.tensors()) {
    bool known = used_.contains(tensor.name) || llvm::any_of(harmless, [&](llvm::StringRef suffix) {
                   return llvm::StringRef(tensor.name).ends_with(suffix);
                 });
    if (known)
      continue;
    first = first ? first : &tensor;
    ++count;
  }
  if (!first)
    return Status::ok();
  std::string others = count > 1 ? " and " + std::to_string(count - 1) + " more" : "";
  return Status(Code::InvalidFile, first->name + others +
                                       ": not a weight of this model as config.json describes it\n  in " +
                                       checkpoint_.files()[first->file].name +
                                       "\n  config.json and the weights seem to belong to different models");
}
