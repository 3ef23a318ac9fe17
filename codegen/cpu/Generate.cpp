// LLVM dialect -> LLVM IR -> O3 -> object code. The schedule is the emitters': LLVM's loop transformations stay off.
#include "codegen/cpu/Pipeline.h"
#include "codegen/cpu/Targets.h"
#include "dialects/model/Model.h"
#include "dialects/qt/Qt.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/ControlFlow/IR/ControlFlow.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/Target/LLVMIR/Dialect/Builtin/BuiltinToLLVMIRTranslation.h"
#include "mlir/Target/LLVMIR/Dialect/LLVMIR/LLVMToLLVMIRTranslation.h"
#include "mlir/Target/LLVMIR/Export.h"
#include "llvm/IR/LegacyPassManager.h"
#include "llvm/IR/Module.h"
#include "llvm/MC/TargetRegistry.h"
#include "llvm/Passes/PassBuilder.h"
#include "llvm/Support/CommandLine.h"
#include "llvm/Support/TargetSelect.h"
#include "llvm/Target/TargetMachine.h"
#include <mutex>

using namespace mlir;
using namespace tenon;
using namespace tenon::codegen;
using namespace tenon::codegen::cpu;

void tenon::codegen::cpu::registerPipelineDialects(DialectRegistry &registry) {
  registry
      .insert<model::ModelDialect, kernel::KernelDialect, qt::QtDialect, arith::ArithDialect, cf::ControlFlowDialect,
              func::FuncDialect, LLVM::LLVMDialect, math::MathDialect, scf::SCFDialect, vector::VectorDialect>();
  registerBuiltinDialectTranslation(registry);
  registerLLVMDialectTranslation(registry);
}

Machine Machine::of(kernel::TargetAttr target) {
  std::string features;
  for (StringRef feature : target.getFeatures().getAsValueRange<StringAttr>())
    features += (features.empty() ? "" : ",") + feature.str();
  return {target.getTriple().str(), target.getCpu().str(), rowOf(target).tune, features, target.number("vector_bits")};
}

// Loop strength reduction takes four fifths of the time of code generation, for hundreds of addresses in one unrolled
// block. On x86, whose addresses have an index and an offset, the kernels are no faster with it (measured for AVX2,
// AVX-512 and VNNI); AMX and aarch64 could not be timed and keep it. LLVM has no other switch than its option, which
// linking (lld) sets back, so each generation asks again. Machines of two kinds at once would be in each other's way.
static void setLoopStrengthReduction(const Machine &machine) {
  StringRef features = machine.features;
  bool off = llvm::Triple(machine.triple).isX86() && !features.contains("+amx-tile");
  static std::mutex mutex;
  std::lock_guard<std::mutex> guard(mutex);
  auto *option = static_cast<llvm::cl::opt<bool> *>(llvm::cl::getRegisteredOptions().lookup("disable-lsr"));
  assert(option && "this LLVM has no such option");
  if (option && option->getValue() != off)
    option->setValue(off);
}

static std::unique_ptr<llvm::TargetMachine> createTargetMachine(const Machine &machine, std::string &error) {
  static std::once_flag once;
  std::call_once(once, [] {
    LLVMInitializeX86TargetInfo();
    LLVMInitializeX86Target();
    LLVMInitializeX86TargetMC();
    LLVMInitializeX86AsmPrinter();
    LLVMInitializeAArch64TargetInfo();
    LLVMInitializeAArch64Target();
    LLVMInitializeAArch64TargetMC();
    LLVMInitializeAArch64AsmPrinter();
  });
  llvm::Triple triple(machine.triple);
  const llvm::Target *target = llvm::TargetRegistry::lookupTarget(triple, error);
  if (!target)
    return nullptr;
  return std::unique_ptr<llvm::TargetMachine>(
      target->createTargetMachine(triple, machine.cpu, machine.features, llvm::TargetOptions(), llvm::Reloc::PIC_,
                                  std::nullopt, llvm::CodeGenOptLevel::Aggressive));
}

static void setAttributes(llvm::Module &module, const Machine &machine) {
  for (llvm::Function &function : module) {
    if (function.isDeclaration())
      continue;
    function.addFnAttr("target-cpu", machine.cpu);
    function.addFnAttr("tune-cpu", machine.tune);
    function.addFnAttr("target-features", machine.features);
    // Without these LLVM splits 512-bit vectors where it believes the CPU would clock down.
    function.addFnAttr("prefer-vector-width", std::to_string(machine.vectorBits));
    function.addFnAttr("min-legal-vector-width", std::to_string(machine.vectorBits));
    // There is no library to call: loops stay loops.
    function.addFnAttr("no-builtins");
    function.setDoesNotThrow();
  }
}

static void optimize(llvm::Module &module, llvm::TargetMachine &machine) {
  llvm::LoopAnalysisManager loops;
  llvm::FunctionAnalysisManager functions;
  llvm::CGSCCAnalysisManager graphs;
  llvm::ModuleAnalysisManager modules;
  llvm::PipelineTuningOptions tuning;
  tuning.LoopUnrolling = tuning.LoopVectorization = tuning.LoopInterleaving = tuning.SLPVectorization = false;
  llvm::PassBuilder passes(&machine, tuning);
  passes.registerModuleAnalyses(modules);
  passes.registerCGSCCAnalyses(graphs);
  passes.registerFunctionAnalyses(functions);
  passes.registerLoopAnalyses(loops);
  passes.crossRegisterProxies(loops, functions, graphs, modules);
  passes.buildPerModuleDefaultPipeline(llvm::OptimizationLevel::O3).run(module, modules);
}

FailureOr<ObjectFile> tenon::codegen::cpu::generate(ModuleOp module, const Machine &machine, Stage stage) {
  llvm::LLVMContext context;
  std::unique_ptr<llvm::Module> code = translateModuleToLLVMIR(module, context, "kernel");
  std::string error;
  std::unique_ptr<llvm::TargetMachine> target = createTargetMachine(machine, error);
  if (!code || !target)
    return module.emitError() << "cannot generate code for " << machine.triple << ": " << error, failure();
  code->setTargetTriple(target->getTargetTriple());
  code->setDataLayout(target->createDataLayout());
  setAttributes(*code, machine);
  optimize(*code, *target);

  ObjectFile out;
  llvm::raw_svector_ostream stream(out);
  if (stage == Stage::LLVM) {
    code->print(stream, nullptr);
    return out;
  }
  setLoopStrengthReduction(machine);
  llvm::legacy::PassManager emission;
  auto kind = stage == Stage::Assembly ? llvm::CodeGenFileType::AssemblyFile : llvm::CodeGenFileType::ObjectFile;
  if (target->addPassesToEmitFile(emission, stream, nullptr, kind))
    return module.emitError() << "LLVM cannot write code for " << machine.triple, failure();
  emission.run(*code);
  return out;
}
