// The table of families. A new family is a row here, a file beside this one and a golden test
// (docs/howto/add-a-family.md).
#include "compiler/families/Llama.h"

using namespace tenon;

static constexpr Family kFamilies[] = {
    {"llama", "llama mistral", "LlamaForCausalLM MistralForCausalLM", readLlama},
};

std::span<const Family> tenon::families() { return kFamilies; }

static bool lists(llvm::StringRef words, llvm::StringRef word) {
  llvm::SmallVector<llvm::StringRef> all;
  words.split(all, ' ');
  return llvm::is_contained(all, word);
}

// The config may list classes; transformers would instantiate the first, so all must be the family's own.
static Status checkArchitectures(const Family &family, llvm::StringRef type, JsonValue config) {
  llvm::SmallVector<llvm::StringRef> types, names;
  family.modelTypes.split(types, ' ');
  family.architectures.split(names, ' ');
  const llvm::StringRef own = names[llvm::find(types, type) - types.begin()];
  auto architectures = config.find("architectures");
  if (!architectures || architectures->isNull())
    return Status::ok();
  TENON_ASSIGN(JsonElements elements, architectures->asArray());
  for (JsonValue element : elements) {
    TENON_ASSIGN(std::string_view name, element.string());
    if (!lists(family.architectures, llvm::StringRef(name)))
      return element.mismatch("one of " + family.architectures.str(), Code::Unsupported);
    if (llvm::StringRef(name) != own)
      return element.mismatch(own.str() + ", as model_type is " + type.str() + "; correct the one that is wrong",
                              Code::InvalidFile);
  }
  return Status::ok();
}

Result<const Family *> tenon::findFamily(const JsonDocument &document) {
  TENON_ASSIGN(JsonValue type, document.root().member("model_type"));
  TENON_ASSIGN(std::string_view name, type.string());
  std::string known;
  for (const Family &family : kFamilies) {
    if (lists(family.modelTypes, llvm::StringRef(name))) {
      TENON_TRY(checkArchitectures(family, llvm::StringRef(name), document.root()));
      return &family;
    }
    known += (known.empty() ? "" : " ") + family.modelTypes.str();
  }
  return type.mismatch("a model that Tenon knows, one of " + known, Code::Unsupported);
}

Result<std::unique_ptr<FamilyModel>> tenon::readModel(const JsonDocument &config) {
  TENON_ASSIGN(const Family *family, findFamily(config));
  TENON_ASSIGN(ConfigReader reader, ConfigReader::open(config));
  return family->read(reader);
}

Result<mlir::OwningOpRef<mlir::ModuleOp>>
FamilyModel::build(mlir::MLIRContext &context, const ModelDirectory &directory, const BuildOptions &options) const {
  if (directory.checkpoint) {
    CheckpointTensors tensors(*directory.checkpoint);
    return buildFrom(context, tensors, options);
  }
  AssumedTensors tensors(facts().dtype.value_or(TensorType::BF16));
  return buildFrom(context, tensors, options);
}
