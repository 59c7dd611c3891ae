from django.apps import AppConfig


class ShippingConfig(AppConfig):
    name = "shipping"
    verbose_name = "Shipping"

    def ready(self) -> None:
        from django.core import checks

        from shipping import receivers
        from shipping.carriers.health import courier_files

        receivers.connect()
        checks.register(courier_files)
