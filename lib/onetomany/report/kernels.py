"""Start the kernels that run notebooks: this interpreter, ignoring modules beside the notebook."""

from ipykernel.kernelspec import RESOURCES, get_kernel_dict
from jupyter_client.kernelspec import KernelSpec, KernelSpecManager, NoSuchKernel

NAME = "python3"
_PICTURES = str(RESOURCES)


class LabKernels(KernelSpecManager):
    """Offers one kernel: one of the same name elsewhere may belong to another environment.

    -P and -s, not -I: the kernel needs PYTHONHASHSEED. Other PYTHON* variables are not passed on
    (`sources.processes`). IPython adds the working directory by default; it is the notebook's
    folder, so that a notebook can read data in it.
    """

    def find_kernel_specs(self) -> dict[str, str]:
        return {NAME: _PICTURES}

    def get_kernel_spec(self, kernel_name: str) -> KernelSpec:
        if kernel_name != NAME:
            raise NoSuchKernel(kernel_name)
        return _kernel_spec()


class ReportKernels(LabKernels):
    """The same kernel whatever a notebook calls its own; keeps the frames that it shows."""

    def get_kernel_spec(self, kernel_name: str) -> KernelSpec:
        return _kernel_spec("--ext=onetomany.report.shown")


def _kernel_spec(*options: str) -> KernelSpec:
    """Return the kernel that leaves the working directory out of Python's path."""
    facts = get_kernel_dict(["--InteractiveShellApp.ignore_cwd=True", *options])
    python, *arguments = facts.pop("argv")
    return KernelSpec(resource_dir=_PICTURES, argv=[python, "-P", "-s", *arguments], **facts)
