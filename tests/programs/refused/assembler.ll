; refused: @f: call void asm sideeffect "cpuid"
target triple = "x86_64-pc-linux-gnu"
define void @f() {
  call void asm sideeffect "cpuid", "~{rax}"()
  ret void
}
