#include "compiler/driver/KeyedParts.h"

#include "compiler/cache/Sources.h"
#include "compiler/driver/CacheKeys.h"
#include "compiler/driver/Describe.h"

using namespace mlir;

namespace tenon {

Result<KeyedParts> keyedParts(const CompileOptions &options, cache::Store *store,
                              const std::function<Status(const ModelDirectory &)> &check) {
  Lowering lowering(options);
  TENON_ASSIGN(const auto targets, lowering.targets());
  TENON_ASSIGN(OpenedModel opened, lowering.open());
  if (check)
    TENON_TRY(check(opened.directory));
  SourceDigests sources;
  if (opened.directory.checkpoint)
    for (const CheckpointFile &file : opened.directory.checkpoint->files()) {
      TENON_ASSIGN(const cache::SourceState state, cache::readSource(store, file.file, lowering.jobs()));
      sources.push_back(state.digest);
    }
  KeyedParts keyed;
  std::vector<KeyedPart> &parts = keyed.parts;
  parts.push_back(
      {"engine", cache::Kind::Engine, engineFields(options, opened.directory, opened.shape, targets, sources)});
  TENON_ASSIGN(const LoadedModel model, lowering.build(std::move(opened)));
  keyed.inputs = model.directory.files;
  keyed.plan = describe(model);
  for (kernel::TargetAttr target : targets) {
    TENON_ASSIGN(OwningOpRef<ModuleOp> module, lowering.lower(model, target, Phase::Plan));
    if (parts.size() == 1) {
      TENON_ASSIGN(cache::Fields weights, weightFields(*module, model.directory, sources));
      parts.push_back({"weights", cache::Kind::Weights, std::move(weights)});
      describePlan(*module, keyed.plan);
    }
    keyed.plan.variants.push_back(planOf(findVariant(*module)));
    parts.push_back({"code " + target.getSpec().str(), cache::Kind::Code, codeFields(*module, target)});
  }
  return keyed;
}

} // namespace tenon
