#include "compiler/driver/KeyFields.h"

#include "runtime/base/Digest.h"

#include "llvm/Config/llvm-config.h"

#include <map>

namespace tenon {
namespace {

std::string list(const std::vector<uint32_t> &values) {
  std::string text;
  for (uint32_t v : values)
    text += (text.empty() ? "" : ",") + std::to_string(v);
  return text;
}

std::string digest(const std::string &text) {
  return text.empty() ? "none"
                      : "blake2b:" + toHex(digestOf({reinterpret_cast<const uint8_t *>(text.data()), text.size()}));
}

KeyValues fromMap(const std::map<std::string, std::string> &fields) {
  KeyValues values;
  for (const auto &[key, value] : fields) {
    auto field = std::make_unique<schema::KeyValueT>();
    field->key = key;
    field->value = value;
    values.push_back(std::move(field));
  }
  return values;
}

// Names, types and shapes of the checkpoint; its contents are covered by the weight segment's digest.
std::string checkpointTable(const ModelDirectory &directory) {
  std::string text;
  for (const TensorInfo &tensor : directory.checkpoint->tensors())
    text += tensor.name + " " + std::string(name(tensor.type)) + " " + shapeText(tensor.shape) + "\n";
  return text;
}

std::map<std::string, std::string> shapeFields(const ShapeChoice &shape) {
  return {{"max-batch", std::to_string(shape.maxSequences)},
          {"max-seq", std::to_string(shape.maxContext)},
          {"page-tokens", std::to_string(shape.pageTokens)},
          {"kv-tokens", std::to_string(uint64_t(shape.pages) * shape.pageTokens)},
          {"step-tokens", list(shape.bodyRows)},
          {"logit-rows", list(shape.headRows)}};
}

} // namespace

std::string compilerIdentity() { return "tenon " TENON_VERSION ", LLVM " LLVM_VERSION_STRING; }

KeyValues resolvedOptions(const CompileOptions &options, const ShapeChoice &shape, const EnginePlan &plan) {
  std::map<std::string, std::string> fields = shapeFields(shape);
  auto chosen = [](const std::string &asked, const std::string &made) {
    return asked == made ? asked : asked + " (" + made + ")";
  };
  fields["quant"] = chosen(options.quant, plan.weights);
  fields["kv"] = chosen(options.kv, plan.kv);
  fields["activations"] = chosen(options.activations, plan.activations);
  fields["weights"] = options.externalWeights ? "external" : "inside";
  std::string targets;
  for (const VariantPlan &variant : plan.variants)
    targets += (targets.empty() ? "" : ",") + variant.target;
  fields["target"] = targets;
  return fromMap(fields);
}

KeyValues keyFields(const CompileOptions &options, const LoadedModel &model, const EnginePlan &plan,
                    const std::vector<std::unique_ptr<schema::VariantT>> &variants) {
  const ModelDirectory &directory = model.directory;
  std::map<std::string, std::string> fields;
  for (const auto &[name, value] : shapeFields(model.shape))
    fields["shape." + name] = value;
  fields["compiler"] = compilerIdentity();
  fields["model.config"] = digest(directory.configText);
  fields["model.family"] = model.info.family;
  fields["model.tokenizer"] = digest(directory.tokenizer.tokenizer);
  fields["model.tokenizer_config"] = digest(directory.tokenizer.tokenizerConfig);
  fields["model.chat_template"] = digest(directory.tokenizer.chatTemplate);
  fields["model.tensors"] = directory.weights == WeightSource::Checkpoint ? digest(checkpointTable(directory))
                            : directory.weights == WeightSource::Random   ? "random"
                                                                          : "zeros";
  fields["format.weights"] = plan.weights;
  fields["format.activations"] = plan.activations;
  fields["format.kv"] = plan.kv;
  fields["weights.place"] = options.externalWeights ? "external" : "inside";
  for (size_t i = 0; i < variants.size(); ++i) {
    fields["target." + std::to_string(i)] = variants[i]->target;
    fields["target." + std::to_string(i) + ".features"] = variants[i]->features;
  }
  return fromMap(fields);
}

} // namespace tenon
