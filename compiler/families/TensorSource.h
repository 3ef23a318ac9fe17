// Where a family learns the element types of its weights, and who checks that names and shapes fit.
#pragma once

#include "compiler/import/Checkpoint.h"
#include "llvm/ADT/StringRef.h"
#include "llvm/ADT/StringSet.h"

namespace tenon {

class TensorSource {
public:
  virtual ~TensorSource() = default;

  // The element type of the tensor `name`, which must be there in this shape; `meaning` names the sizes for messages.
  virtual Result<TensorType> require(llvm::StringRef name, llvm::ArrayRef<int64_t> shape, llvm::StringRef meaning) = 0;
  // The tensor `copy`, where there is one, must be the same bytes as the required tensor `original`.
  virtual Status requireCopy(llvm::StringRef copy, llvm::StringRef original) = 0;
  // Called once all is required. Unsupported where a tensor is left over: it might be a part of the model. Names that
  // end in one of `harmless` are known to be no weights.
  virtual Status finish(llvm::ArrayRef<llvm::StringLiteral> harmless) = 0;
};

// The tensors of a checkpoint, which must outlive the source.
class CheckpointTensors : public TensorSource {
public:
  explicit CheckpointTensors(const Checkpoint &checkpoint) : checkpoint_(checkpoint) {}
  Result<TensorType> require(llvm::StringRef name, llvm::ArrayRef<int64_t> shape, llvm::StringRef meaning) override;
  Status requireCopy(llvm::StringRef copy, llvm::StringRef original) override;
  Status finish(llvm::ArrayRef<llvm::StringLiteral> harmless) override;

private:
  const Checkpoint &checkpoint_;
  llvm::StringSet<> used_;
};

// No checkpoint: every tensor exists, in one type. For models of random or zero weights.
class AssumedTensors : public TensorSource {
public:
  explicit AssumedTensors(TensorType type) : type_(type) {}
  Result<TensorType> require(llvm::StringRef, llvm::ArrayRef<int64_t>, llvm::StringRef) override { return type_; }
  Status requireCopy(llvm::StringRef, llvm::StringRef) override { return Status::ok(); }
  Status finish(llvm::ArrayRef<llvm::StringLiteral>) override { return Status::ok(); }

private:
  TensorType type_;
};

} // namespace tenon
