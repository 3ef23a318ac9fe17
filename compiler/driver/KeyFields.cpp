#include "compiler/driver/KeyFields.h"

#include "compiler/driver/CacheKeys.h"

#include "llvm/Config/llvm-config.h"

namespace tenon {
namespace {

KeyValues fromFields(const cache::Fields &fields) {
  KeyValues values;
  for (const auto &[key, value] : fields) {
    auto field = std::make_unique<schema::KeyValueT>();
    field->key = key;
    field->value = value;
    values.push_back(std::move(field));
  }
  return values;
}

} // namespace

std::string compilerIdentity() { return "tenon " TENON_VERSION ", LLVM " LLVM_VERSION_STRING; }

KeyValues resolvedOptions(const cache::Fields &engine, const EnginePlan &plan) {
  cache::Fields fields;
  for (const auto &[name, value] : engine)
    if (name.starts_with("shape.") || name == "option.weights")
      fields[name.substr(name.find('.') + 1)] = value;
  auto chosen = [&](const char *option, const std::string &made) {
    const std::string &asked = engine.find("option." + std::string(option))->second;
    fields[option] = asked == made ? asked : asked + " (" + made + ")";
  };
  chosen("quant", plan.weights);
  chosen("kv", plan.kv);
  chosen("activations", plan.activations);
  std::string targets;
  for (const VariantPlan &variant : plan.variants)
    targets += (targets.empty() ? "" : ",") + variant.target;
  fields["target"] = targets;
  return fromFields(fields);
}

KeyValues keyFields(const cache::Fields &engine, const EnginePlan &plan,
                    const std::vector<std::unique_ptr<schema::VariantT>> &variants) {
  cache::Fields fields;
  for (const auto &[name, value] : engine)
    if (isRecorded(name))
      fields[name] = value;
  fields["format.weights"] = plan.weights;
  fields["format.activations"] = plan.activations;
  fields["format.kv"] = plan.kv;
  for (size_t i = 0; i < variants.size(); ++i)
    fields["target." + std::to_string(i) + ".features"] = variants[i]->features;
  return fromFields(fields);
}

} // namespace tenon
