"""How good samples are: a metric a file, arrays in, numbers out.

`frechet`, `precision_recall` and `neighbours` take features [N, d]; `inception_score`
and `modes` what a classifier says; `sliced_wasserstein` and `ms_ssim` images. Features
come from `features`, all metrics of sets of images from `image_metrics`, those of a
checkpoint from `model_evaluation`.
"""
