#include "tools/tenon-interpret/Interpret.h"
#include "compiler/families/Family.h"
#include "compiler/interpret/Interpreter.h"
#include "compiler/interpret/ModelContents.h"
#include "dialects/kernel/Kernel.h"
#include "dialects/model/Model.h"
#include "dialects/qt/Qt.h"
#include "mlir/Parser/Parser.h"
#include "tools/cli/Npy.h"

using namespace mlir;
using namespace tenon;

static Result<OwningOpRef<ModuleOp>> buildModule(MLIRContext &context, const ModelDirectory &directory,
                                                 const InterpretOptions &options) {
  TENON_ASSIGN(std::unique_ptr<FamilyModel> model, readModel(directory.config));
  int64_t needed = static_cast<int64_t>(options.tokens.size()) + options.generate;
  BuildOptions build;
  build.maxContext = options.maxContext ? options.maxContext : needed ? needed : model->facts().contextLimit;
  build.maxSequences = options.maxSequences;
  return model->build(context, directory, build);
}

static Result<OwningOpRef<ModuleOp>> readModule(MLIRContext &context, const std::string &path) {
  context.loadDialect<model::ModelDialect, kernel::KernelDialect, qt::QtDialect, func::FuncDialect>();
  if (auto module = parseSourceFile<ModuleOp>(path, &context))
    return module;
  return Status(Code::InvalidFile, path + ": not a module that can be read (see above)");
}

static bool isModule(const std::string &input) { return StringRef(input).ends_with(".mlir"); }

static Status writeLogits(const InterpretOptions &options, const std::vector<float> &logits, int64_t vocab) {
  if (options.logits.empty())
    return Status::ok();
  return cli::writeNpy(options.logits, options.tokens.size(), static_cast<uint64_t>(vocab), logits);
}

// LLVM would end the program as a crash where standard output takes no more.
static Status deliver() {
  llvm::outs().flush();
  if (!llvm::outs().has_error())
    return Status::ok();
  llvm::outs().clear_error();
  return Status(Code::Resource, "cannot write to standard output: the disk is full or nobody reads it");
}

Status tenon::interpret(const InterpretOptions &options) {
  if (isModule(options.input) && options.weights.empty())
    return Status(Code::Usage, options.input + ": a module needs --weights, the model that its weights come from");
  TENON_ASSIGN(ModelDirectory directory,
               ModelDirectory::open(isModule(options.input) ? options.weights : options.input));
  MLIRContext context(MLIRContext::Threading::DISABLED);
  OwningOpRef<ModuleOp> module;
  if (isModule(options.input)) {
    TENON_ASSIGN(module, readModule(context, options.input));
  } else {
    TENON_ASSIGN(module, buildModule(context, directory, options));
  }
  if (options.emitModule) {
    module->print(llvm::outs());
    return deliver();
  }
  if (options.tokens.empty())
    return Status(Code::Usage, "no tokens given, expected --tokens with at least one id");

  ModelContents contents(*module, directory);
  TENON_ASSIGN(Interpreter interpreter, Interpreter::open(*module, contents));
  std::vector<float> logits;
  TENON_TRY(interpreter.feed(options.tokens, logits));
  TENON_TRY(writeLogits(options, logits, interpreter.vocab()));
  for (int64_t step = 0; step < options.generate; ++step) {
    ArrayRef<float> last = ArrayRef<float>(logits).take_back(static_cast<size_t>(interpreter.vocab()));
    int32_t next = static_cast<int32_t>(llvm::max_element(last) - last.begin());
    llvm::outs() << (step ? "," : "") << next;
    if (step + 1 < options.generate)
      TENON_TRY(interpreter.feed(next, logits));
  }
  if (options.generate)
    llvm::outs() << "\n";
  return deliver();
}
