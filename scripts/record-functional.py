# Records what PyTorch (1.13) gives for nn.functional and linear algebra beyond the operator cases: modes, strides, groups,
# reductions, each with the gradients for a recorded gradient of the result:
#     python3 scripts/record-functional.py > test/fixtures/nn/values.json
# Values are rounded to 12 digits to keep the file small.
import json

import torch
import torch.nn.functional as F

torch.set_num_threads(1)
torch.manual_seed(7)


def normal(*shape):
    return torch.randn(*shape, dtype=torch.float64)


def uniform(*shape):
    return torch.rand(*shape, dtype=torch.float64)


def integers(low, high, *shape):
    return torch.randint(low, high, shape)


def encode(value):
    if not isinstance(value, torch.Tensor):
        return value
    values = [float(f"{v:.12g}") if isinstance(v, float) else v for v in value.detach().reshape(-1).tolist()]
    dtype = str(value.dtype)[6:].replace("int64", "int32")
    return {"values": values, "shape": list(value.shape), "dtype": dtype}


def camel(name):
    head, *rest = name.split("_")
    return head + "".join(part.capitalize() for part in rest)


cases = []


def case(name, *args, call=None, space="F", **options):
    """Calls F.name, or `call` where PyTorch's arguments are in another order."""
    leaves = []

    def leaf(value):
        if isinstance(value, torch.Tensor) and value.is_floating_point():
            leaves.append(value.requires_grad_(True))
        return value

    args = [leaf(a) for a in args]
    out = (call or getattr(F, name))(*args, **options)
    cotangent = normal(*out.shape) if out.shape else normal(1)[0]
    grads = torch.autograd.grad(out, leaves, cotangent, allow_unused=True) if out.requires_grad else []
    cases.append(
        {
            "fn": camel(name),
            "space": space,
            "args": [encode(a) for a in args],
            "options": {camel(k): encode(v) for k, v in options.items()},
            "out": encode(out),
            "cotangent": encode(cotangent),
            "grads": [encode(g) for g in grads],
        }
    )


for mode in ("bilinear", "nearest", "bicubic"):
    for padding in ("zeros", "border", "reflection"):
        for aligned in (True, False):
            options = {"mode": mode, "padding_mode": padding, "align_corners": aligned}
            case("grid_sample", normal(1, 2, 4, 3), normal(1, 3, 2, 2), **options)
            if mode != "bicubic":
                case("grid_sample", normal(1, 1, 3, 2, 3), normal(1, 2, 2, 1, 3), **options)
for aligned in (True, False):
    case("affine_grid", normal(1, 2, 3), [1, 1, 2, 3], align_corners=aligned)
    case("affine_grid", normal(1, 3, 4), [1, 1, 2, 1, 3], align_corners=aligned)
for mode in ("bilinear", "bicubic"):
    for size in ([2, 5], [6, 2]):
        case("interpolate", normal(1, 2, 4, 3), size=size, mode=mode, align_corners=True)
        for smooth in (True, False):
            case("interpolate", normal(1, 2, 4, 3), size=size, mode=mode, align_corners=False, antialias=smooth)
    case("interpolate", normal(1, 2, 4, 3), scale_factor=1.7, mode=mode, align_corners=False)
for mode in ("nearest", "nearest-exact", "area"):
    for size in ([2, 5], [6, 2], [11, 7]):
        case("interpolate", normal(1, 1, 4, 3), size=size, mode=mode)
    case("interpolate", normal(1, 1, 4, 3), scale_factor=2.3, mode=mode)
    case("interpolate", normal(1, 1, 4, 3), scale_factor=0.6, mode=mode)
case("interpolate", normal(1, 1, 3, 2, 2), size=[4, 2, 3], mode="trilinear")

for groups, stride, padding, dilation in ((1, 1, 0, 1), (2, 2, 1, 1), (1, [2, 1], [1, 2], [1, 2])):
    options = {"stride": stride, "padding": padding, "dilation": dilation, "groups": groups}
    case("conv2d", normal(2, 2, 6, 5), normal(4, 2 // groups, 3, 2), normal(4), **options)
    extra = 1 if stride == 2 else 0
    case("conv_transpose2d", normal(2, 2, 3, 4), normal(2, 4 // groups, 3, 2), normal(4), output_padding=extra, **options)
case("conv3d", normal(1, 2, 3, 4, 4), normal(2, 2, 3, 2, 3), normal(2), stride=[1, 2, 1], padding=1)
case("conv1d", normal(2, 2, 6), normal(3, 2, 4), normal(3), padding="same")
case("conv1d", normal(2, 6), normal(3, 2, 1))
case("conv_transpose1d", normal(2, 2, 5), normal(2, 3, 1), normal(3))
case("conv_transpose3d", normal(1, 2, 2, 3, 2), normal(2, 1, 2, 3, 2), normal(1), stride=2)
case("unfold", normal(1, 2, 5, 4), [3, 2], padding=1, stride=2)
case("fold", normal(1, 12, 9), [5, 4], [3, 2], padding=1, stride=2)

case("max_pool2d", normal(2, 2, 5, 6), kernel_size=[3, 2], stride=2, padding=1, ceil_mode=True)
case("max_pool2d", normal(2, 1, 7, 6), kernel_size=2, dilation=2)
case("max_pool3d", normal(1, 1, 4, 5, 4), kernel_size=3, stride=2, padding=1, ceil_mode=True)
case("avg_pool3d", normal(1, 1, 4, 5, 4), kernel_size=3, stride=2, padding=1, ceil_mode=True, count_include_pad=False)
case("avg_pool2d", normal(1, 2, 5, 6), kernel_size=[3, 2], stride=2, padding=1, ceil_mode=True)
case("avg_pool2d", normal(1, 2, 5, 6), kernel_size=[3, 2], stride=2, padding=1, divisor_override=5)
case("adaptive_avg_pool2d", normal(1, 2, 5, 6), [3, 4])
case("adaptive_avg_pool2d", normal(1, 2, 5, 6), 1)
case("adaptive_max_pool3d", normal(1, 1, 4, 5, 3), [2, 3, 2])
case("lp_pool2d", uniform(1, 2, 5, 6), 3.0, 2)

case("embedding", integers(0, 7, 4, 3), normal(7, 3), padding_idx=2, scale_grad_by_freq=True)
for mode in ("sum", "mean", "max"):
    case("embedding_bag", integers(0, 7, 4, 3), normal(7, 3), mode=mode, padding_idx=2)
case("layer_norm", normal(2, 3, 2, 5), [2, 5], normal(2, 5), normal(2, 5))
case("layer_norm", normal(3, 17), [17])
case("group_norm", normal(2, 6, 2, 3), 3, normal(6), normal(6))
case("instance_norm", normal(2, 3, 4), weight=normal(3).requires_grad_(False), bias=normal(3).requires_grad_(False))
case("local_response_norm", normal(1, 5, 2, 2), 3)
case("normalize", normal(2, 3, 4), p=3.0, dim=2)
for activation in ("hardswish", "softplus", "celu", "selu", "mish", "silu", "logsigmoid", "hardsigmoid", "softsign"):
    case(activation, normal(3, 4) * 4)
case("rrelu", normal(3, 4), lower=0.1, upper=0.4)
case("prelu", normal(2, 3, 2), normal(3))

for reduction in ("none", "mean", "sum"):
    target = integers(0, 4, 5, 3)
    target[0, 0] = -100
    weight = uniform(4)
    case("cross_entropy", normal(5, 4, 3), target, label_smoothing=0.2, reduction=reduction)
    case("cross_entropy", normal(5, 4, 3), target, weight=weight, label_smoothing=0.2, reduction=reduction)
    case("cross_entropy", normal(5, 4), uniform(5, 4), weight=weight, label_smoothing=0.2, reduction=reduction)
    case("binary_cross_entropy_with_logits", normal(3, 4), uniform(3, 4), pos_weight=uniform(4), reduction=reduction)
    case("multilabel_margin_loss", normal(5, 4), integers(-1, 4, 5, 4), reduction=reduction)
    case("triplet_margin_loss", normal(4, 3), normal(4, 3), normal(4, 3), p=1.0, swap=True, reduction=reduction)
    case("kl_div", normal(3, 2), uniform(3, 2), reduction=reduction)
case("multi_margin_loss", normal(5, 4), integers(0, 4, 5), p=2, margin=0.7, weight=uniform(4))
case("gaussian_nll_loss", normal(4, 3), normal(4, 3), uniform(4), full=True)
case("cosine_similarity", normal(3, 1, 4), normal(2, 4), dim=-1)

for m, n in ((4, 4), (5, 3), (3, 5)):
    a = normal(2, m, n)
    case("pinv", a.clone(), call=torch.linalg.pinv, space="linalg")
    case("svdvals", a.clone(), call=torch.linalg.svdvals, space="linalg")
    case("matrix_norm", a.clone(), "nuc", call=torch.linalg.matrix_norm, space="linalg")
square = normal(2, 4, 4)
case("inv", square.clone(), call=torch.linalg.inv, space="linalg")
case("det", square.clone(), call=torch.linalg.det, space="linalg")
case("solve", square.clone(), normal(4, 3), call=torch.linalg.solve, space="linalg")
case("solve", square.clone(), normal(2, 3, 4), left=False, call=torch.linalg.solve, space="linalg")
case("matrix_exp", square.clone() * 3, call=torch.linalg.matrix_exp, space="linalg")
case("matrix_power", square.clone(), -3, call=torch.linalg.matrix_power, space="linalg")
case("cond", square.clone(), call=torch.linalg.cond, space="linalg")
case("eigvalsh", square.clone(), call=torch.linalg.eigvalsh, space="linalg")
positive = square @ square.mT + torch.eye(4)
for upper in (False, True):
    case("cholesky", positive.detach().clone(), upper=upper, call=torch.linalg.cholesky, space="linalg")
    options = {"upper": upper, "left": not upper, "unitriangular": upper}
    case("solve_triangular", square.clone(), normal(2, 4, 4), call=torch.linalg.solve_triangular, space="linalg", **options)

print(json.dumps(cases, separators=(",", ":")))
